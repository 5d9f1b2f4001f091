using System.Text;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Learning.Profiling;

namespace MfRae.Lab.Cli.Output;

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
