using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Samples;

/// <summary>Sheets of images.</summary>
internal sealed record SamplesModel(IReadOnlyList<SamplesGroup> Groups);

/// <summary>Sheets that show the same thing, one per arm or stage.</summary>
internal sealed record SamplesGroup(string Title, string Note, IReadOnlyList<SamplesSheet> Sheets);

internal sealed record SamplesSheet(Html Name, Html Image, string Caption);
