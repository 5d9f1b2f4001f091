using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Options;

/// <summary>In what the arms differ; everything else they share.</summary>
internal sealed record OptionsModel(IReadOnlyList<Html> Arms, IReadOnlyList<OptionsRow> Rows);

internal sealed record OptionsRow(string Path, IReadOnlyList<string> Values);
