namespace MfRae.Lab.Core.Execution;

internal static class ExceptionCauses
{
    /// <summary>The exception, and what it wraps, from the outside in.</summary>
    public static IEnumerable<Exception> Causes(this Exception error)
    {
        for (Exception? cause = error; cause is not null; cause = cause.InnerException)
        {
            yield return cause;
        }
    }
}
