using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Stages;

/// <summary>What was computed, what was shared, and what each cost.</summary>
internal sealed record StagesModel(string Summary, string Times, Html Graph, IReadOnlyList<StagesRow> Rows, Html Sql);

internal sealed record StagesRow(
    string Label, string Kind, Html Key, string Runs, string Attempts, string Wall, string Cpu, string Peak, Html Status, string Reason);
