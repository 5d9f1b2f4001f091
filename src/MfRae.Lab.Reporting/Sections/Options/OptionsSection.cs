using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Options;

internal sealed class OptionsSection : ISection
{
    public string Name => "Options";

    public string Title => "Options";

    public object Model(ReportData data)
    {
        var baseline = data.Arms.FirstOrDefault(arm => arm.Record.Baseline)?.Index ?? 0;
        return new OptionsModel(
            [.. data.Arms.Select(Parts.Arm)],
            [.. data.Options.Rows.Select(row => new OptionsRow(row.Path, [.. row.Values.Select(value => Value(value, row.Values[baseline]))]))],
            data.Record.Overrides,
            [.. data.Arms.Select(arm => new OptionsFold($"All options of {arm.Name}", StoredJson.Lines(arm.Record.OptionsJson)))],
            [.. (data.Record.Files ?? []).Select((file, place) => new OptionsFile(file.Path, Note(file, place), file.Text))]);
    }

    private static Html Value(string value, string baseline)
    {
        var text = Html.Of($"<code>{(value.Length == 0 ? "–" : value)}</code>");
        return value == baseline ? text : Html.Of($"<strong>{text}</strong>");
    }

    private static string Note(WrittenFile file, int place)
    {
        var role = place == 0 ? "" : "extended by the file above";
        var cut = file.Omitted == 0 ? "" : $"first mebibyte only; the remaining {Numbers.Count(file.Omitted)} bytes were not kept";
        return string.Join("; ", new[] { role, cut }.Where(part => part.Length > 0));
    }
}

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
