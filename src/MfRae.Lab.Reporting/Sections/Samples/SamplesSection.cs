using System.Globalization;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;
using MfRae.Lab.Reporting.Sections.Progress;

namespace MfRae.Lab.Reporting.Sections.Samples;

internal sealed class SamplesSection : ISection
{
    public string Name => "Samples";

    public string Title => "Samples";

    public object Model(ReportData data)
    {
        var arms = data.Arms.Select(arm => (Arm: arm,
            Run: arm.Runs.FirstOrDefault(run => data.Stage(run, "sampling") is { Images.Count: > 0 }))).ToArray();
        var names = arms
            .Where(one => one.Run is not null)
            .SelectMany(one => data.Stage(one.Run!, "sampling")!.Images)
            .Select(image => image.Name)
            .Distinct();
        return new
        {
            Groups = (SamplesGroup[])
            [
            .. names.Select(name => new SamplesGroup(
                Heading(name),
                Note([.. arms.Where(one => one.Run is not null).Select(one => data.Stage(one.Run!, "sampling")!)]),
                [
                    .. from one in arms
                       where one.Run is not null
                       let image = data.Stage(one.Run, "sampling")!.Images.FirstOrDefault(image => image.Name == name)
                       where image is not null
                       select new SamplesSheet(
                           one.Arm.Css, one.Arm, "", data.Sheets.Picture(image, $"{one.Arm.Name}, {name}"), $"Seed {one.Run.Seed}. {image.Caption}"),
                ],
                [])),
            .. Shared(data, "sheets", "Chosen classes", "The first samples of these classes, among those that are measured."),
            .. Films(data),
            .. Shared(data, "teacherSampling", "Teacher", arms.Any(one => one.Run is not null && data.Stage(one.Run, "sampling")!.Seed is not null)
                ? "Drawn from one set of noise, whatever the seed of the arms."
                : "Drawn with the same noise and labels as the arms."),
            .. Shared(data, data.Record.Runs.SelectMany(run => run.Stages.Keys).FirstOrDefault(IsReference) ?? "", "Real images", ""),
            .. Shared(data, "reconstruction", "Reconstruction", ""),
            ],
        };
    }

    private static string Note(IReadOnlyList<StageRecord> samplings) =>
        samplings.Any(stage => stage.Kind == LoggedStage.Kind) ? ""
        : samplings.Select(stage => stage.Seed).Distinct().Count() > 1
            ? "The noise follows the seed, and these arms are shown by different seeds: images at the same position start from different noise."
        : samplings.Any(stage => stage.Kind == ExternalSamplingStage.Kind)
            ? "Every arm was given the same noise and labels. Whether another program uses the noise is its own choice."
        : "Every arm uses the same noise and labels: images at the same position of two sheets start from the same noise.";

    private static IEnumerable<SamplesGroup> Shared(ReportData data, string role, string title, string note)
    {
        var sheets = data.Role(role).SelectMany(group => group.Stage.Images.Select(image => new SamplesSheet(
            "",
            null,
            data.Shared(group) ? Heading(image.Name) : $"{Heading(image.Name)}, {group.Names}",
            data.Sheets.Picture(image, $"{title}, {image.Name}"),
            image.Caption))).ToArray();
        return sheets.Length == 0 ? [] : [new(title, note, sheets, [])];
    }

    private static bool IsReference(string role) => role.StartsWith("reference.", StringComparison.Ordinal);

    /// <summary>Samples of intermediate weights, from each arm's first seed that has them.</summary>
    private static IEnumerable<SamplesGroup> Films(ReportData data)
    {
        var films = data.Arms
            .Select(arm => (Arm: arm, Run: arm.Runs.FirstOrDefault(run => data.Stage(run, ProgressSection.Role) is { Images.Count: > 0 })))
            .Where(one => one.Run is not null)
            .Select(one => new SamplesFilm(one.Arm.Css, [.. data.Stage(one.Run!, ProgressSection.Role)!.Images
                .Select(image => (Image: image, Step: Step(image.Name)))
                .OrderBy(frame => frame.Step)
                .Select(frame => Frame(data, one.Arm, one.Run!.Seed, frame.Image, frame.Step))]))
            .ToArray();
        return films.Length == 0 ? [] : [new(
            "During training",
            "One-step samples of intermediate averaged (EMA) weights. Images at the same position of two sheets start from the same noise.",
            [],
            films)];
    }

    private static SamplesFrame Frame(ReportData data, ArmView arm, long seed, ImageRecord image, long step)
    {
        var at = $"step {Numbers.Count(step)}";
        return new(at, new(
            arm.Css,
            arm,
            "",
            data.Sheets.Picture(image, $"{arm.Name}, {at}"),
            $"Seed {seed}, {image.Caption}"));
    }

    private static long Step(string name) =>
        long.TryParse(name.AsSpan(name.IndexOf('@') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var step) ? step : 0;

    private static string Heading(string name) => name.StartsWith("samples@") && int.TryParse(name.AsSpan("samples@".Length), out var steps)
        ? $"{Numbers.Plural(steps, "step")}"
        : name == MetricNames.Real ? "reference" : name;
}

/// <summary>Comparable sheets, one per arm or stage.</summary>
/// <param name="Films">Instead of sheets: the samples of each arm during training.</param>
internal sealed record SamplesGroup(string Title, string Note, IReadOnlyList<SamplesSheet> Sheets, IReadOnlyList<SamplesFilm> Films);

/// <summary>A sheet of images.</summary>
/// <param name="Css">The class of the arm's colour, which also hides the sheet with the arm; empty for sheets of shared stages.</param>
/// <param name="Arm">The arm that made the sheet; null for sheets of shared stages.</param>
/// <param name="Name">The heading of a sheet without an arm.</param>
internal sealed record SamplesSheet(string Css, ArmView? Arm, string Name, Picture Image, string Caption);

/// <summary>Sheets of one arm in the order of training. A script shows one at a time, all arms at the same place.</summary>
internal sealed record SamplesFilm(string Css, IReadOnlyList<SamplesFrame> Frames);

/// <summary>One sheet of a film.</summary>
/// <param name="At">The label of the slider: `step 50`.</param>
internal sealed record SamplesFrame(string At, SamplesSheet Sheet);
