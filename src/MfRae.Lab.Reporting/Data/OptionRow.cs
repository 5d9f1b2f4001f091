namespace MfRae.Lab.Reporting.Data;

/// <summary>One option across the arms.</summary>
/// <param name="Values">JSON text for each arm.</param>
internal sealed record OptionRow(string Path, IReadOnlyList<string> Values)
{
    public bool Differs => Values.Distinct().Count() > 1;
}
