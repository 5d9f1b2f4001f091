namespace MfRae.Lab.Cli.Verbs;

/// <summary>One thing that `doctor` looked at.</summary>
/// <param name="Result">ok, warn or fail.</param>
/// <param name="Advice">What to do, or null where nothing is to be done.</param>
public sealed record Diagnosis(string Subject, string Result, string Finding, string? Advice = null)
{
    public const string Ok = "ok";
    public const string Warn = "warn";
    public const string Fail = "fail";
}
