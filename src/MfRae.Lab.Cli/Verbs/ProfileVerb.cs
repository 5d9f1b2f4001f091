using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Profiling;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>`profile`: estimates the cost of an experiment's networks. It trains nothing and reads none of the data files.</summary>
internal static class ProfileVerb
{
    public static Command Create(LabContext lab)
    {
        var (file, overrides) = (CommonOptions.ExperimentFile(), CommonOptions.Overrides());
        var json = CommonOptions.Json("Print JSON, with unrounded multiply-adds and bytes");
        var microBatch = CommonOptions.Number(
            "--micro-batch", "Memory of a training that evaluates at most N samples at once, as `run --micro-batch` does", 1);
        var recompute = new Option<bool>("--recompute") { Description = "Memory of a training that recomputes activations, as `run --recompute` does" };
        var memory = Memory();
        var command = new Verb("profile", "Estimate the computation and memory of an experiment's networks, without its data files",
            "experiments/paper/imagenet256.json --json")
        {
            file, overrides, microBatch, recompute, memory, json,
        };
        command.SetAction(parsed => Execute(
            lab, parsed.GetRequiredValue(file), parsed.GetValue(overrides) ?? [],
            new(parsed.GetValue(microBatch) ?? 0, parsed.GetValue(recompute), Bytes(parsed.GetValue(memory))), parsed.GetValue(json)));
        return command;
    }

    private static Option<string?> Memory()
    {
        var memory = new Option<string?>("--memory")
        {
            Description = "Plan every training for one card with this memory: the largest micro-batch with and without recomputation, and days",
            HelpName = "SIZE",
        };
        memory.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && Bytes(token.Value) is null)
                result.AddError("--memory requires a size such as 80GB or 24GiB");
        });
        return memory;
    }

    private static double? Bytes(string? size)
    {
        foreach (var (unit, bytes) in new[] { ("GiB", (double)(1L << 30)), ("GB", 1e9) })
        {
            if (size?.EndsWith(unit, StringComparison.OrdinalIgnoreCase) == true
                && double.TryParse(size[..^unit.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                && number > 0)
            {
                return number * bytes;
            }
        }
        return null;
    }

    private static int Execute(LabContext lab, string file, string[] overrides, MemorySettings settings, bool json)
    {
        var read = ExperimentReader.Read(file, overrides, lab.WorkingDirectory, needFiles: false);
        if (read.Experiment is not { } experiment)
            return DiagnosticText.Write(lab.Terminal.Error, read.Diagnostics);

        var arms = Profiler.Profile(experiment, lab.WorkingDirectory);
        var plans = settings.Card is { } card ? Profiler.Plan(experiment, lab.WorkingDirectory, card) : null;
        lab.Terminal.Out.Write(json
            ? ProfileJson.Write(experiment.Name, arms, plans, settings) + "\n"
            : ProfileText.Write(experiment, arms, plans, settings));
        return ExitCode.Ok;
    }
}

/// <summary>How the memory of trainings is computed.</summary>
/// <param name="MicroBatch">The most samples that are evaluated at once; 0: the whole batch.</param>
/// <param name="Recompute">Whether activations are recomputed.</param>
/// <param name="Card">The bytes of the card that a plan is for; null: no plan.</param>
internal sealed record MemorySettings(int MicroBatch, bool Recompute, double? Card);

/// <summary>A profile as text. Rows that all arms share are printed once; other rows name their arms.</summary>
internal static class ProfileText
{
    public static string Write(
        Experiment experiment,
        IReadOnlyList<ArmProfile> arms,
        IReadOnlyList<(string Arm, IReadOnlyList<CardPlan> Stages)>? plans,
        MemorySettings settings)
    {
        var text = new StringBuilder();
        text.AppendLine($"{experiment.Name}: {experiment.Question}");
        text.AppendLine($"{(arms.Count == 1 ? "1 arm" : $"{arms.Count} arms")}: {string.Join(", ", arms.Select(arm => arm.Arm))}");
        text.AppendLine();
        text.AppendLine("G and T are 10⁹ and 10¹² multiply-adds. `linear` counts layers with weights, including per-token modulation, without");
        text.AppendLine("attention products (the paper's convention). `+ attention` adds queries · keys and attention weights · values.");
        text.AppendLine("The parameters include fixed position embeddings and frequencies, which are not trained (the paper's convention).");
        text.AppendLine("A backward pass counts as two forward passes. `activations` are the data of a step and the values that its backward pass reads:");
        text.AppendLine("an estimate. The memory of the process itself is not counted.");
        Section(text, "Latents", new ArmTable("shape", "D", "time shift s", "one latent", "training set", "cache"), arms, Latents);
        Section(text, "Networks", new ArmTable("", "network", "parameters", "trained", "in float32", "G linear", "G + attention"), arms, Components);
        var baseline = experiment.Arms.Zip(arms).First(pair => pair.First.Baseline).Second;
        Section(text, "One image", new ArmTable(["", "evaluations", "G linear", "decoder part", "G + attention", .. Against(baseline, arms)]), arms,
            arm => Sampling(arm, Against(baseline, arms).Length > 0 ? baseline : null));
        Section(text, "One training step", new ArmTable("stage", "work: samples", "T linear", "T + attention"), arms, Work);
        Section(text, $"Memory while training{(settings.Recompute ? ", with recomputation of activations" : "")}",
            new ArmTable("stage", "batch", "at once", "weights", "gradient", "optimizer", "EMA", "frozen", "activations", "total"), arms,
            arm => Memory(arm, settings));
        if (plans is not null && settings.Card is { } card)
            CardPlanText.Write(text, plans, card);
        foreach (var note in arms.SelectMany(arm => arm.Notes).Distinct())
            text.AppendLine().AppendLine("Note: " + note);
        return text.ToString();
    }

    private static void Section(
        StringBuilder text, string title, ArmTable table, IReadOnlyList<ArmProfile> arms, Func<ArmProfile, IEnumerable<string[]>> rows)
    {
        foreach (var arm in arms)
            table.Add(arm.Arm, rows(arm));
        if (table.IsEmpty)
            return;
        text.AppendLine().AppendLine(title).Append(table.Write(arms.Count));
    }

    private static IEnumerable<string[]> Latents(ArmProfile arm)
    {
        if (arm.Latent is not { } latent)
            yield break;
        var all = latent.BytesOfAll is { } bytes
            ? $"{Quantity.Count(latent.TrainingImages!.Value)} × = {Quantity.Bytes(bytes)}"
            : "no images found";
        yield return
        [
            $"{latent.Shape.Channels} × {latent.Shape.Rows} × {latent.Shape.Columns}", Quantity.Count(latent.Shape.Dimension),
            Quantity.Number(latent.TimeShift), Quantity.Bytes(latent.BytesEach), all,
            latent.Cache == "none" ? "none (encoded for each batch)" : latent.Cache,
        ];
    }

    private static IEnumerable<string[]> Components(ArmProfile arm) => arm.Components.Select(component => (string[])
    [
        component.Name, component.Network, Quantity.Millions(component.Cost.Values), Quantity.Count(component.Cost.Parameters),
        Quantity.Bytes(4.0 * component.Cost.Values),
        Quantity.Giga(component.Cost.Forward.Linear), Quantity.Giga(component.Cost.Forward.Total),
    ]);

    // A column for the costs of images, relative to those of the baseline, where they differ.
    private static string[] Against(ArmProfile baseline, IReadOnlyList<ArmProfile> arms) =>
        arms.Any(arm => arm.Sampling.Any(sampling => Relative(sampling, baseline) is not (null or 0))) ? [$"linear, against {baseline.Arm}"] : [];

    private static double? Relative(SamplingProfile sampling, ArmProfile baseline) =>
        baseline.Sampling.FirstOrDefault(other => other.Sampler == sampling.Sampler && other.Cost.Evaluations == sampling.Cost.Evaluations) is { } same
            ? (sampling.Cost.Image.Linear / same.Cost.Image.Linear) - 1
            : null;

    private static IEnumerable<string[]> Sampling(ArmProfile arm, ArmProfile? baseline) => arm.Sampling.Select(sampling => (string[])
    [
        sampling.Sampler, Quantity.Count(sampling.Cost.Evaluations), Quantity.Giga(sampling.Cost.Image.Linear),
        Quantity.Giga(sampling.Cost.Decode.Linear), Quantity.Giga(sampling.Cost.Image.Total),
        .. baseline is null ? [] : (string[])[Relative(sampling, baseline) is { } share
            ? string.Create(CultureInfo.InvariantCulture, $"{share:+0 %;-0 %;0 %}") : ""],
    ]);

    private static IEnumerable<string[]> Work(ArmProfile arm) => arm.Training.SelectMany(training => training.Work
        .Select(work => (string[])[training.Stage, work.What, Quantity.Tera(work.Step.Linear), Quantity.Tera(work.Step.Total)])
        .Append(
        [
            training.Stage, $"total; {Quantity.Count(training.Steps)} steps", Quantity.Tera(training.Step.Linear),
            Quantity.Tera(training.Step.Total),
        ]));

    private static IEnumerable<string[]> Memory(ArmProfile arm, MemorySettings settings) => arm.Training.Select(training => (string[])
    [
        training.Stage, Quantity.Count(training.Batch), Quantity.Count(training.Samples(settings.MicroBatch)), Quantity.Bytes(training.WeightBytes), Quantity.Bytes(training.GradientBytes),
        Quantity.Bytes(training.OptimizerBytes), Quantity.Bytes(training.AverageBytes), Quantity.Bytes(training.FrozenBytes),
        Quantity.Bytes(training.ActivationBytes(settings.MicroBatch, settings.Recompute)),
        Quantity.Bytes(training.TotalBytes(settings.MicroBatch, settings.Recompute)),
    ]);
}

/// <summary>The plan of trainings for one card as text.</summary>
internal static class CardPlanText
{
    public static void Write(StringBuilder text, IReadOnlyList<(string Arm, IReadOnlyList<CardPlan> Stages)> plans, double card)
    {
        var choices = new ArmTable("stage", "precision", "recomputation", "micro-batch", "memory", "days");
        var days = new ArmTable(["stage", .. CardPlan.Speeds.Select(speed => speed.Precision)]);
        foreach (var (arm, stages) in plans)
        {
            choices.Add(arm, stages.SelectMany(stage => stage.Choices.Select(choice => (string[])
            [
                stage.Stage, stage.Precision, choice.Recompute ? "yes" : "no",
                choice.MicroBatch is { } samples ? Quantity.Count(samples) : "none fits", Quantity.Bytes(choice.Bytes),
                Quantity.Number(choice.Days),
            ])));
            days.Add(arm, stages.Select(stage => (string[])[stage.Stage, .. stage.Days.Select(precision => Quantity.Number(precision.Days))]));
        }
        if (choices.IsEmpty)
            return;
        var peaks = string.Join(", ", CardPlan.Speeds.Select(speed => $"{speed.Peak / 1e12:0} ({speed.Precision})"));
        text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"One card of {Quantity.Bytes(card)}, of which {CardPlan.UsableShare:P0} is used");
        text.Append(choices.Write(plans.Count));
        text.AppendLine().AppendLine("Days in each precision, without recomputation").Append(days.Write(plans.Count));
        text.AppendLine().AppendLine(CultureInfo.InvariantCulture,
            $"Days are at {CardPlan.Utilisation:P0} of the peak of an H100, in 10¹² operations a second: {peaks}. With bf16, the encoder and the");
        text.AppendLine("estimate of du/dt stay in float32.");
    }
}

/// <summary>A table of several arms. Equal rows are printed once; if the arms differ, each row names its arms.</summary>
internal sealed class ArmTable(params string[] headers)
{
    private const int MostArmsNamed = 3;

    private readonly List<(string[] Cells, List<string> Arms)> _rows = [];

    public bool IsEmpty => _rows.Count == 0;

    public void Add(string arm, IEnumerable<string[]> cells)
    {
        // A row that is new is inserted after the previous row of its arm.
        var next = 0;
        foreach (var row in cells)
        {
            var index = _rows.FindIndex(known => known.Cells.SequenceEqual(row));
            if (index < 0)
            {
                index = next;
                _rows.Insert(index, (row, []));
            }

            if (!_rows[index].Arms.Contains(arm))
                _rows[index].Arms.Add(arm);
            next = index + 1;
        }
    }

    /// <param name="arms">The number of arms.</param>
    public string Write(int arms)
    {
        if (_rows.All(row => row.Arms.Count == arms))
            return new TextTable(headers).Add(_rows.Select(row => row.Cells)).ToString();
        return new TextTable([.. headers, "arms"])
            .Add(_rows.Select(row => (string[])[.. row.Cells, row.Arms.Count == arms ? "all" : Join(row.Arms)]))
            .ToString();
    }

    private static string Join(List<string> arms) => arms.Count <= MostArmsNamed
        ? string.Join(", ", arms)
        : $"{string.Join(", ", arms.Take(MostArmsNamed - 1))} and {arms.Count - MostArmsNamed + 1} more";
}

/// <summary>A profile as JSON: unrounded multiply-adds and bytes, with one object for each arm.</summary>
internal static class ProfileJson
{
    public static string Write(
        string experiment,
        IReadOnlyList<ArmProfile> arms,
        IReadOnlyList<(string Arm, IReadOnlyList<CardPlan> Stages)>? plans,
        MemorySettings settings) => JsonText.Of(new Profile(
        experiment,
        new(
            "multiply-adds of layers with weights, including per-token modulation, without attention products: the paper's convention",
            "linear, plus the products of queries with keys and of attention weights with values",
            "two forward passes",
            "an estimate"),
        [.. arms.Select(arm => new Arm(
            arm.Arm,
            arm.Latent is { } latent ? Of(latent) : null,
            [.. arm.Components.Select(component => new Component(
                component.Name, component.Network, component.Cost.Values, component.Cost.Parameters, 4 * component.Cost.Values,
                Of(component.Cost.Forward)))],
            [.. arm.Sampling.Select(sampling => new Sampling(
                sampling.Sampler, sampling.Cost.Evaluations, Of(sampling.Cost.Evaluation), Of(sampling.Cost.Decode), Of(sampling.Cost.Image)))],
            [.. arm.Training.Select(training => Of(training, settings))],
            arm.Notes))],
        plans is null ? null : new(
            settings.Card!.Value,
            CardPlan.UsableShare,
            CardPlan.Utilisation,
            CardPlan.Speeds.ToDictionary(speed => speed.Precision, speed => speed.Peak),
            [.. plans.Select(plan => new PlannedArm(plan.Arm, [.. plan.Stages.Select(Of)]))])));

    private static Latent Of(LatentProfile latent) => new(
        latent.Shape.Channels, latent.Shape.Rows, latent.Shape.Columns, latent.Shape.Dimension, latent.TimeShift, latent.Cache,
        latent.BytesEach, latent.TrainingImages, latent.BytesOfAll);

    private static PlannedStage Of(CardPlan plan) => new(
        plan.Stage,
        plan.Precision,
        [.. plan.Choices.Select(choice => new Choice(choice.Recompute, choice.MicroBatch, Math.Round(choice.Bytes), choice.Days))],
        plan.Days.ToDictionary(days => days.Precision, days => days.Days));

    private static Training Of(TrainingProfile training, MemorySettings settings) => new(
        training.Stage,
        training.Steps,
        training.Batch,
        training.Samples(settings.MicroBatch),
        settings.Recompute && training.Recomputes,
        training.Precision,
        Of(training.Step),
        [.. training.Work.Select(work => new Work(work.What, Of(work.Step)))],
        training.WeightBytes,
        training.GradientBytes,
        training.OptimizerBytes,
        training.AverageBytes,
        training.FrozenBytes,
        Math.Round(training.ActivationBytes(settings.MicroBatch, settings.Recompute)),
        Math.Round(training.TotalBytes(settings.MicroBatch, settings.Recompute)));

    private static Cost Of(MultiplyAdds products) => new(Math.Round(products.Linear), Math.Round(products.Total));

    private sealed record Profile(string Experiment, Conventions Conventions, IReadOnlyList<Arm> Arms, Card? Card);

    private sealed record Card(
        double Bytes,
        double UsableShare,
        double Utilisation,
        IReadOnlyDictionary<string, double> OperationsPerSecond,
        IReadOnlyList<PlannedArm> Arms);

    private sealed record PlannedArm([property: JsonPropertyName("arm")] string Name, IReadOnlyList<PlannedStage> Training);

    private sealed record PlannedStage(
        string Stage, string Precision, IReadOnlyList<Choice> Choices, IReadOnlyDictionary<string, double> Days);

    private sealed record Choice(bool Recompute, int? MicroBatch, double Bytes, double Days);

    private sealed record Conventions(string Linear, string Total, string Backward, string ActivationBytes);

    private sealed record Arm(
        [property: JsonPropertyName("arm")] string Name,
        Latent? Latent,
        IReadOnlyList<Component> Components,
        IReadOnlyList<Sampling> Images,
        IReadOnlyList<Training> Training,
        IReadOnlyList<string> Notes);

    private sealed record Latent(
        long Channels,
        long Rows,
        long Columns,
        long Dimension,
        double TimeShift,
        string Cache,
        long BytesEach,
        long? TrainingImages,
        long? BytesOfAll);

    private sealed record Component(string Name, string Network, long Parameters, long Trained, long WeightBytes, Cost Forward);

    private sealed record Sampling(string Sampler, int Evaluations, Cost Evaluation, Cost Decode, Cost Image);

    private sealed record Training(
        string Stage,
        int Steps,
        int Batch,
        int MicroBatch,
        bool Recompute,
        string Precision,
        Cost Step,
        IReadOnlyList<Work> Work,
        double WeightBytes,
        double GradientBytes,
        double OptimizerBytes,
        double AverageBytes,
        double FrozenBytes,
        double ActivationBytes,
        double TotalBytes);

    private sealed record Work(string What, Cost Step);

    private sealed record Cost(double Linear, double Total);
}
