using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Samples;

/// <summary>Sheets of images.</summary>
internal sealed record SamplesModel(IReadOnlyList<SamplesGroup> Groups);

/// <summary>Sheets that show the same thing, one per arm or stage.</summary>
/// <param name="Films">Instead of sheets: what each arm's network made on the way.</param>
internal sealed record SamplesGroup(string Title, string Note, IReadOnlyList<SamplesSheet> Sheets, IReadOnlyList<SamplesFilm> Films);

/// <param name="Css">The class of its arm's colour, by which it is hidden with the arm; empty for what no arm made.</param>
internal sealed record SamplesSheet(string Css, Html Name, Html Image, string Caption);

/// <summary>Sheets of one arm in the order of training. A script shows one at a time, all arms at the same place.</summary>
internal sealed record SamplesFilm(string Css, IReadOnlyList<SamplesFrame> Frames);

/// <param name="At">What the slider says: `step 50`.</param>
internal sealed record SamplesFrame(string At, SamplesSheet Sheet);
