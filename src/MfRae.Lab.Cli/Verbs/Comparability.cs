using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Core.Upkeep;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Whether the metrics of two experiments may be compared.</summary>
internal static class Comparability
{
    /// <summary>Tells every field in which identities differ.</summary>
    /// <returns>3 where a metric is not comparable, or there is none.</returns>
    public static int Tell(Terminal terminal, IReadOnlyList<CrossComparison> compared)
    {
        foreach (var comparison in compared)
            foreach (var conflict in comparison.Conflicts)
                terminal.Error.WriteLine($"{PrintableText.Of(comparison.Metric)} is not comparable: {conflict.Field} is "
                    + $"{PrintableText.Of(conflict.One)} and {PrintableText.Of(conflict.Other)}");
        if (compared.Count == 0)
            terminal.Error.WriteLine("there is no metric that both experiments have measured");
        return compared.Count > 0 && compared.All(comparison => comparison.Conflicts.Count == 0) ? ExitCode.Ok : ExitCode.Incomparable;
    }
}
