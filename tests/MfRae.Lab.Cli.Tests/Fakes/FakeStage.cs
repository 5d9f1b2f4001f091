using System.Globalization;
using System.Text;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Cli.Tests.Fakes;

/// <summary>Writes the same kinds of output as the real stages, instantly: progress, curves, measurements, an image.</summary>
internal sealed class FakeStage(StageDefinition definition, Action<StageContext>? first, Func<string, double?>? fid = null) : IStage
{
    // One black pixel. What follows it tells the images apart, and no reader of images looks at it.
    private static readonly byte[] Png = Convert.FromBase64String(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==");

    public void Run(StageContext context)
    {
        first?.Invoke(context);
        context.Stop.ThrowIfCancellationRequested();
        File.WriteAllText(context.File("output.txt"), context.Spec.Node.Key);
        switch (definition)
        {
            case CmtStage or MeanFlowStage:
                Train(context);
                break;
            case SamplingStage sampling:
                File.WriteAllBytes(context.File("samples.png"), Image(context, "samples"));
                context.Journal.Write(new ImageEvent($"samples@{sampling.Steps[0]}", "samples.png", "samples"));
                File.WriteAllText(context.File("steps.txt"), string.Join(' ', sampling.Steps));
                foreach (var steps in sampling.Steps)
                {
                    Cost(context, MetricNames.GeneratorGflops, 0.5 * steps, steps);
                    Cost(context, MetricNames.DecoderGflops, 0.25, steps);
                }

                break;
            case SnapshotStage snapshots:
                foreach (var step in SnapshotSteps.Of(snapshots.TrainingSteps, snapshots.Snapshots).Append(snapshots.TrainingSteps))
                {
                    var file = $"sheet.{step}.png";
                    File.WriteAllBytes(context.File(file), Image(context, file));
                    context.Journal.Write(new ImageEvent($"{MetricNames.Snapshot}@{step}", file, $"after {step} steps"));
                    context.Journal.Write(new MetricsEvent(step, new Dictionary<string, double?> { [MetricNames.SnapshotFid] = 90 - step }));
                }

                break;
            case EvaluationStage:
                Evaluate(context);
                break;
        }
    }

    private static byte[] Image(StageContext context, string name) => [.. Png, .. Encoding.UTF8.GetBytes(context.Spec.Node.Key + name)];

    private static void Train(StageContext context)
    {
        for (var step = 10; step <= 20; step += 10)
        {
            context.Journal.Write(new MetricsEvent(step, new Dictionary<string, double?> { ["loss"] = 1.0 / step, ["gradientNorm"] = 1 }));
            context.Journal.Write(new ProgressEvent(step, 20, "step"));
        }
    }

    private static void Cost(StageContext context, string metric, double value, int steps) =>
        context.Journal.Write(new MeasuredEvent(new(metric, value, null, null, 200, steps, 1, "balanced", "", "", "", null)));

    private void Evaluate(StageContext context)
    {
        // A value that depends on the stage alone, so that every run agrees.
        var value = fid?.Invoke(context.Spec.Node.Label) ?? 10 + Convert.ToInt32(context.Spec.Node.Key[..4], 16) / 1000.0;
        foreach (var steps in File.ReadAllText(Path.Combine(context.Input(StageInput.Samples), "steps.txt")).Split(' '))
        {
            var number = int.Parse(steps, CultureInfo.InvariantCulture);
            context.Journal.Write(
                new MeasuredEvent(new("fid", value / number, null, null, 200, number, 1, "balanced", "e", "none", "r", false)));
            context.Journal.Write(new MeasuredEvent(new("accuracy", 0.5, null, null, 200, number, 1, "balanced", "e", "none", "", true)));
        }
    }
}
