using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Failures;

/// <summary>What did not end well. Never left out, and empty only when there is nothing.</summary>
internal sealed record FailuresModel(IReadOnlyList<FailuresRow> Rows, string Runs, Html Sql);

internal sealed record FailuresRow(string Label, Html Status, string Attempt, string Error);
