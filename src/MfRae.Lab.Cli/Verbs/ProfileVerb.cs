using System.Text;
using System.Text.Json;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Profiling;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Says what an experiment's networks cost, without training and without the files that it names.</summary>
public sealed class ProfileVerb(Terminal terminal, string workingDirectory)
{
    public int Execute(string file, IReadOnlyList<string> overrides, bool json)
    {
        var read = ExperimentReader.Read(file, overrides, workingDirectory, needFiles: false);
        if (read.Experiment is not { } experiment)
            return DiagnosticText.Write(terminal.Error, read.Diagnostics);

        var arms = Profiler.Profile(experiment, workingDirectory);
        terminal.Out.Write(json ? ProfileJson.Write(experiment.Name, arms) + "\n" : ProfileText.Write(experiment, arms));
        return ExitCode.Ok;
    }
}

/// <summary>A profile for people: what arms share stands once, what differs names its arms.</summary>
public static class ProfileText
{
    public static string Write(Experiment experiment, IReadOnlyList<ArmProfile> arms)
    {
        var text = new StringBuilder();
        text.AppendLine($"{experiment.Name}: {experiment.Question}");
        text.AppendLine($"{(arms.Count == 1 ? "1 arm" : $"{arms.Count} arms")}: {string.Join(", ", arms.Select(arm => arm.Arm))}");
        text.AppendLine();
        text.AppendLine("G and T are 10⁹ and 10¹² multiply-adds. `linear` counts layers with weights, per-token modulation included, and no");
        text.AppendLine("attention products: the paper's convention. `+ attention` adds queries · keys and attention weights · values.");
        text.AppendLine("Fixed position embeddings and frequencies are among the parameters, as in the paper's count, but are not trained.");
        text.AppendLine("A backward pass counts as two forward passes. Memory is that of float32; `activations` is an estimate.");
        Section(text, "Latents", new ArmTable("shape", "D", "time shift s", "a latent", "training set", "cache"), arms, Latents);
        Section(text, "Networks", new ArmTable("", "network", "parameters", "trained", "in float32", "G linear", "G + attention"), arms, Components);
        Section(text, "An image", new ArmTable("", "evaluations", "G linear", "of it decoder", "G + attention"), arms, Sampling);
        Section(text, "A training step", new ArmTable("stage", "work: samples", "T linear", "T + attention"), arms, Work);
        Section(text, "Memory while training",
            new ArmTable("stage", "batch", "weights", "gradient", "optimizer", "average", "frozen", "activations", "sum"), arms, Memory);
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
            : "not there to be counted";
        yield return
        [
            $"{latent.Shape.Channels} × {latent.Shape.Rows} × {latent.Shape.Columns}", Quantity.Count(latent.Shape.Dimension),
            Quantity.Number(latent.TimeShift), Quantity.Bytes(latent.BytesEach), all,
            latent.Cache == "none" ? "none: encoded whenever drawn" : latent.Cache,
        ];
    }

    private static IEnumerable<string[]> Components(ArmProfile arm) => arm.Components.Select(component => (string[])
    [
        component.Name, component.Network, Quantity.Millions(component.Cost.Values), Quantity.Count(component.Cost.Parameters),
        Quantity.Bytes(4.0 * component.Cost.Values),
        Quantity.Giga(component.Cost.Forward.Linear), Quantity.Giga(component.Cost.Forward.Total),
    ]);

    private static IEnumerable<string[]> Sampling(ArmProfile arm) => arm.Sampling.Select(sampling => (string[])
    [
        sampling.Sampler, Quantity.Count(sampling.Cost.Evaluations), Quantity.Giga(sampling.Cost.Image.Linear),
        Quantity.Giga(sampling.Cost.Decode.Linear), Quantity.Giga(sampling.Cost.Image.Total),
    ]);

    private static IEnumerable<string[]> Work(ArmProfile arm) => arm.Training.SelectMany(training => training.Work
        .Select(work => (string[])[training.Stage, work.What, Quantity.Tera(work.Step.Linear), Quantity.Tera(work.Step.Total)])
        .Append(
        [
            training.Stage, $"in all; {Quantity.Count(training.Steps)} steps", Quantity.Tera(training.Step.Linear),
            Quantity.Tera(training.Step.Total),
        ]));

    private static IEnumerable<string[]> Memory(ArmProfile arm) => arm.Training.Select(training => (string[])
    [
        training.Stage, Quantity.Count(training.Batch), Quantity.Bytes(training.WeightBytes), Quantity.Bytes(training.GradientBytes),
        Quantity.Bytes(training.OptimizerBytes), Quantity.Bytes(training.AverageBytes), Quantity.Bytes(training.FrozenBytes),
        Quantity.Bytes(training.ActivationBytes), Quantity.Bytes(training.TotalBytes),
    ]);
}

/// <summary>Rows of several arms: equal ones stand once, and where arms differ each row says whose it is.</summary>
public sealed class ArmTable(params string[] headers)
{
    private const int MostArmsNamed = 3;

    private readonly List<(string[] Cells, List<string> Arms)> _rows = [];

    public bool IsEmpty => _rows.Count == 0;

    public void Add(string arm, IEnumerable<string[]> cells)
    {
        // A row that no arm before had comes after the one that precedes it in its own arm.
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

    /// <param name="arms">How many there are.</param>
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

/// <summary>A profile for programs: multiply-adds and bytes, not rounded; one object for each arm.</summary>
public static class ProfileJson
{
    public static string Write(string experiment, IReadOnlyList<ArmProfile> arms) => JsonText.Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("experiment", experiment);
        json.WriteStartObject("conventions");
        json.WriteString("linear", "multiply-adds of layers with weights, per-token modulation included, attention products not: the paper's");
        json.WriteString("total", "linear, and the products of queries with keys and of attention weights with values");
        json.WriteString("backward", "two forward passes");
        json.WriteString("activationBytes", "an estimate");
        json.WriteEndObject();
        json.Objects("arms", arms, arm => Arm(json, arm));
        json.WriteEndObject();
    });

    private static void Arm(Utf8JsonWriter json, ArmProfile arm)
    {
        json.WriteString("arm", arm.Arm);
        Latent(json, arm.Latent);
        json.Objects("components", arm.Components, component =>
        {
            json.WriteString("name", component.Name);
            json.WriteString("network", component.Network);
            json.WriteNumber("parameters", component.Cost.Values);
            json.WriteNumber("trained", component.Cost.Parameters);
            json.WriteNumber("weightBytes", 4 * component.Cost.Values);
            Cost(json, "forward", component.Cost.Forward);
        });
        json.Objects("images", arm.Sampling, sampling =>
        {
            json.WriteString("sampler", sampling.Sampler);
            json.WriteNumber("evaluations", sampling.Cost.Evaluations);
            Cost(json, "evaluation", sampling.Cost.Evaluation);
            Cost(json, "decode", sampling.Cost.Decode);
            Cost(json, "image", sampling.Cost.Image);
        });
        json.Objects("training", arm.Training, training => Training(json, training));
        json.Strings("notes", arm.Notes);
    }

    private static void Latent(Utf8JsonWriter json, LatentProfile? latent)
    {
        if (latent is null)
        {
            json.WriteNull("latent");
            return;
        }

        json.WriteStartObject("latent");
        json.WriteNumber("channels", latent.Shape.Channels);
        json.WriteNumber("rows", latent.Shape.Rows);
        json.WriteNumber("columns", latent.Shape.Columns);
        json.WriteNumber("dimension", latent.Shape.Dimension);
        json.WriteNumber("timeShift", latent.TimeShift);
        json.WriteString("cache", latent.Cache);
        json.WriteNumber("bytesEach", latent.BytesEach);
        Optional(json, "trainingImages", latent.TrainingImages);
        Optional(json, "bytesOfAll", latent.BytesOfAll);
        json.WriteEndObject();
    }

    private static void Training(Utf8JsonWriter json, TrainingProfile training)
    {
        json.WriteString("stage", training.Stage);
        json.WriteNumber("steps", training.Steps);
        json.WriteNumber("batch", training.Batch);
        Cost(json, "step", training.Step);
        json.Objects("work", training.Work, work =>
        {
            json.WriteString("what", work.What);
            Cost(json, "step", work.Step);
        });
        json.WriteNumber("weightBytes", training.WeightBytes);
        json.WriteNumber("gradientBytes", training.GradientBytes);
        json.WriteNumber("optimizerBytes", training.OptimizerBytes);
        json.WriteNumber("averageBytes", training.AverageBytes);
        json.WriteNumber("frozenBytes", training.FrozenBytes);
        json.WriteNumber("activationBytes", Math.Round(training.ActivationBytes));
        json.WriteNumber("totalBytes", Math.Round(training.TotalBytes));
    }

    private static void Cost(Utf8JsonWriter json, string name, MultiplyAdds products)
    {
        json.WriteStartObject(name);
        json.WriteNumber("linear", Math.Round(products.Linear));
        json.WriteNumber("total", Math.Round(products.Total));
        json.WriteEndObject();
    }

    private static void Optional(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } known)
            json.WriteNumber(name, known);
        else
            json.WriteNull(name);
    }
}
