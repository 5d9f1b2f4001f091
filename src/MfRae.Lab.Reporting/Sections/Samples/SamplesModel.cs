using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Samples;

/// <summary>Sheets of images.</summary>
internal sealed record SamplesModel(IReadOnlyList<SamplesGroup> Groups);

/// <summary>Sheets that show the same thing, one per arm or stage.</summary>
internal sealed record SamplesGroup(string Title, string Note, IReadOnlyList<SamplesSheet> Sheets);

/// <param name="Css">The class of its arm's colour, by which it is hidden with the arm; empty for what no arm made.</param>
internal sealed record SamplesSheet(string Css, Html Name, Html Image, string Caption);
