using System.Globalization;
using System.Text.Json;
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
                           one.Arm.Css, one.Arm, "", data.Sheets.Picture(image, $"{one.Arm.Name}, {name}"), $"Seed {one.Run.Seed}. {image.Caption}",
                           SheetTiles.Of(data, one.Run, image, one.Arm.Name, Heading(name))),
                ],
                [])),
            .. Shared(data, "sheets", "Chosen classes", "The first samples of these classes, among those that are measured."),
            .. Films(data),
            .. Shared(data, "teacherSampling", "Teacher", arms.Any(one => one.Run is not null && data.Stage(one.Run, "sampling")!.Seed is not null)
                ? "Drawn from one set of noise, whatever the seed of the arms."
                : "Drawn with the same noise and labels as the arms."),
            .. Shared(data, data.Record.Runs.SelectMany(run => run.Stages.Keys).FirstOrDefault(IsReference) ?? "", "Real images", ""),
            .. Shared(data, "reconstruction", "Reconstruction", ""),
            .. Further(data),
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
            image.Caption,
            role == "teacherSampling" || IsReference(role)
                ? SheetTiles.Of(data, group.Arms[0].Runs.First(run => data.Stage(run, role) == group.Stage), image, data.Shared(group) ? title : $"{title}, {group.Names}", Heading(image.Name))
                : null))).ToArray();
        return sheets.Length == 0 ? [] : [new(title, note, sheets, [])];
    }

    /// <summary>The sheets of all other seeds of each arm, while there is room for them.</summary>
    private static IEnumerable<SamplesGroup> Further(ReportData data)
    {
        var all = from arm in data.Arms
                  from run in arm.Runs.Where(run => data.Stage(run, "sampling") is { Images.Count: > 0 }).Skip(1)
                  from image in data.Stage(run, "sampling")!.Images
                  orderby run.Seed
                  select (Arm: arm, Run: run, Image: image);
        var sheets = new List<SamplesSheet>();
        foreach (var (arm, run, image) in all)
        {
            var at = $"{Heading(image.Name)}, seed {run.Seed.ToString(CultureInfo.InvariantCulture)}";
            if (data.Sheets.Further(image, $"{arm.Name}, {at}") is { } picture)
                sheets.Add(new(arm.Css, arm, at, picture, image.Caption, SheetTiles.Of(data, run, image, arm.Name, Heading(image.Name))));
        }

        return sheets.Count == 0 ? [] : [new("Other seeds", "", sheets, [], Collapsed: true)];
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
                .Select(frame => Frame(data, one.Arm, one.Run!, frame.Image, frame.Step))]))
            .ToArray();
        return films.Length == 0 ? [] : [new(
            "During training",
            "One-step samples of intermediate averaged (EMA) weights. Images at the same position of two sheets start from the same noise.",
            [],
            films)];
    }

    private static SamplesFrame Frame(ReportData data, ArmView arm, RunRecord run, ImageRecord image, long step)
    {
        var seed = run.Seed;
        var at = $"step {Numbers.Count(step)}";
        return new(at, new(
            arm.Css,
            arm,
            "",
            data.Sheets.Picture(image, $"{arm.Name}, {at}"),
            $"Seed {seed}, {image.Caption}",
            SheetTiles.Of(data, run, image, arm.Name, $"training, {at}")));
    }

    private static long Step(string name) =>
        long.TryParse(name.AsSpan(name.IndexOf('@') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var step) ? step : 0;

    private static string Heading(string name) => name.StartsWith("samples@") && int.TryParse(name.AsSpan("samples@".Length), out var steps)
        ? $"{Numbers.Plural(steps, "step")}"
        : name == MetricNames.Real ? "reference" : name;
}

/// <summary>Comparable sheets, one per arm or stage.</summary>
/// <param name="Films">Instead of sheets: the samples of each arm during training.</param>
/// <param name="Collapsed">Whether a reader opens the group first.</param>
internal sealed record SamplesGroup(
    string Title, string Note, IReadOnlyList<SamplesSheet> Sheets, IReadOnlyList<SamplesFilm> Films, bool Collapsed = false);

/// <summary>A sheet of images.</summary>
/// <param name="Css">The class of the arm's colour, which also hides the sheet with the arm; empty for sheets of shared stages.</param>
/// <param name="Arm">The arm that made the sheet; null for sheets of shared stages.</param>
/// <param name="Name">The heading of a sheet without an arm, or an addition to the arm.</param>
/// <param name="Tiles">The place of the sheet in the browser of samples; null if it has none.</param>
internal sealed record SamplesSheet(string Css, ArmView? Arm, string Name, Picture Image, string Caption, SheetTiles? Tiles = null);

/// <summary>What the browser of samples knows about a sheet: the source of its images, and their grid.</summary>
/// <param name="Source">The arm, or a name such as Teacher.</param>
/// <param name="View">The number of steps, or the step of the training.</param>
/// <param name="Seed">The seed of the run; empty for sheets of shared stages.</param>
/// <param name="Side">The side of an image in pixels.</param>
/// <param name="Classes">Whether each column is a class.</param>
internal sealed record SheetTiles(string Source, string View, string Seed, int Side, bool Classes)
{
    private const string ClassColumns = "columns are classes";
    private const int IdxSide = 28;

    /// <summary>Null if the side of the images is unknown, or does not fit the sheet, as on a reduced sheet.</summary>
    public static SheetTiles? Of(ReportData data, RunRecord run, ImageRecord image, string source, string view)
    {
        var seeded = data.Stage(run, "sampling")?.Images.Contains(image) == true || view.StartsWith("training", StringComparison.Ordinal);
        return SideOf(data.Stage(run, "dataset")) is { } side && Picture.SizeOf(image.Png) is var (width, height)
            && (width + 1) % (side + 1) == 0 && (height + 1) % (side + 1) == 0
                ? new(source, view, seeded ? run.Seed.ToString(CultureInfo.InvariantCulture) : "", side, image.Caption.Contains(ClassColumns, StringComparison.Ordinal))
                : null;
    }

    private static int? SideOf(StageRecord? stage)
    {
        if (stage is null || StageFacts.Of(stage).Option("dataset") is not { } dataset)
            return null;
        return StageFacts.Text(dataset, "kind") == "idx" ? IdxSide
            : StageFacts.Property(dataset, "size") is { ValueKind: JsonValueKind.Number } size && size.TryGetInt32(out var side) && side > 0 ? side
            : null;
    }
}

/// <summary>Sheets of one arm in the order of training. A script shows one at a time, all arms at the same place.</summary>
internal sealed record SamplesFilm(string Css, IReadOnlyList<SamplesFrame> Frames);

/// <summary>One sheet of a film.</summary>
/// <param name="At">The label of the slider: `step 50`.</param>
internal sealed record SamplesFrame(string At, SamplesSheet Sheet);
