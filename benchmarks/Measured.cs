using System.Diagnostics;

namespace MfRae.Lab.Benchmarks;

/// <summary>How figures are taken that several benchmarks print.</summary>
internal static class Measured
{
    /// <summary>The median; the mean of both middle values if their number is even.</summary>
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>The output of this program with other arguments, in a separate process: a peak of memory is that of one case alone.</summary>
    /// <exception cref="InvalidOperationException">The process has failed.</exception>
    public static string InChild(string[] arguments, Action<IDictionary<string, string?>>? environment = null)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, arguments) { RedirectStandardOutput = true };
        environment?.Invoke(start.Environment);
        using var child = Process.Start(start)!;
        var answer = child.StandardOutput.ReadToEnd().Trim();
        child.WaitForExit();
        return child.ExitCode == 0
            ? answer
            : throw new InvalidOperationException($"the process for {string.Join(' ', arguments)} exited {child.ExitCode}");
    }
}
