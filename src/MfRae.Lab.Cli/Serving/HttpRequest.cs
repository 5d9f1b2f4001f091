namespace MfRae.Lab.Cli.Serving;

/// <summary>A request without body.</summary>
/// <param name="Target">As it was sent: nothing in it has been decoded or put in order.</param>
/// <param name="Headers">By name in lower case; each occurs once.</param>
internal sealed record HttpRequest(string Method, string Target, IReadOnlyDictionary<string, string> Headers)
{
    public string? Header(string name) => Headers.GetValueOrDefault(name);
}
