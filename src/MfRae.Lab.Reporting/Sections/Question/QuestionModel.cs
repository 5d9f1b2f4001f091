namespace MfRae.Lab.Reporting.Sections.Question;

/// <summary>What the experiment asks, as written before it ran.</summary>
internal sealed record QuestionModel(
    string Question, string Expectation, string Metric, string Key, string Direction, string Design, string Path, string Overrides,
    IReadOnlyList<string> Warnings);
