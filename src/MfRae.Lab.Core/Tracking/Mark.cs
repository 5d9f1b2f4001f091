namespace MfRae.Lab.Core.Tracking;

/// <summary>A tag or a note.</summary>
/// <param name="Kind">What it is about: `experiment` or `run`.</param>
/// <param name="Subject">Name of the experiment, or id of the run.</param>
public sealed record Mark(string Kind, string Subject, string Text)
{
    public const string Experiment = "experiment";
    public const string Run = "run";
}
