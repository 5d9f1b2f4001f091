using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Options;

/// <summary>In what the arms differ, all that they were computed with, and what somebody wrote to ask for it.</summary>
/// <param name="Overrides">Options given on the command line.</param>
/// <param name="All">Every option of each arm.</param>
/// <param name="Files">The experiment file, then what it extends; none where they were not kept.</param>
internal sealed record OptionsModel(
    IReadOnlyList<Html> Arms,
    IReadOnlyList<OptionsRow> Rows,
    IReadOnlyList<string> Overrides,
    IReadOnlyList<OptionsFold> All,
    IReadOnlyList<OptionsFile> Files);

/// <param name="Values">Of each arm; those that are not the baseline's are marked.</param>
internal sealed record OptionsRow(string Path, IReadOnlyList<Html> Values);

internal sealed record OptionsFold(string Title, string Text);

/// <param name="Note">What the file is to the one above it, and what of it is left out.</param>
internal sealed record OptionsFile(string Path, string Note, string Text);
