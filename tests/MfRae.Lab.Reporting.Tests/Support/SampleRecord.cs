using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Reporting.Tests.Support;

/// <summary>Hand-made records: a sweep of λ with any number of arms, seeds and steps.</summary>
internal static class SampleRecord
{
    public const string Extractor = "e0a1c5d27f9b3846e0a1c5d27f9b3846e0a1c5d27f9b3846e0a1c5d27f9b3846";
    public const string Reference = "5f1d0c9be7a2634851f1d0c9be7a26345f1d0c9be7a2634851f1d0c9be7a2634";

    private static readonly DateTimeOffset Start = new(2025, 3, 4, 5, 6, 7, TimeSpan.Zero);

    /// <summary>Three arms, two seeds, a few points: the record of the golden files. One seed of the last arm diverged.</summary>
    public static ExperimentRecord Small() => Sweep([0, 0.5, 1], seeds: 2, steps: 4, diverged: true);

    /// <summary>The size of a real ablation.</summary>
    public static ExperimentRecord Realistic() => WithSnapshots(Sweep([0, 0.25, 0.5, 0.75, 1], seeds: 2, steps: 900, diverged: false));

    /// <summary>Thirty arms, six seeds, twenty series: too many for a page in full.</summary>
    public static ExperimentRecord Large()
    {
        var record = Sweep([.. Enumerable.Range(0, 30).Select(at => at / 32d)], seeds: 6, steps: 400, diverged: false);
        return record with
        {
            Stages = [.. record.Stages.Select(stage => stage.Kind != "meanflow" ? stage : stage with
            {
                Series = [.. Enumerable.Range(0, 5).SelectMany(copy => stage.Series.Select(
                    series => copy == 0 ? series : series with { Name = $"{series.Name}.{copy}" }))],
            })],
        };
    }

    public static ExperimentRecord Sweep(double[] lambdas, int seeds, int steps, bool diverged)
    {
        var stages = new List<StageRecord>
        {
            Stage("dataset", [], wall: 1.5),
            Stage("features", ["dataset"], measurements: [Plain("testAccuracy", 0.9284, 10_000)], wall: 2),
            Stage("encoder", ["dataset"], wall: 0.4),
            Stage("probe", ["dataset", "encoder"], measurements:
            [
                Plain("knn.encoder", 0.8721, 10_000), Plain("knn.pixels", 0.8544, 10_000), Plain("knn.untrained", 0.8102, 10_000),
                Plain("linear.encoder", 0.9012, 10_000), Plain("linear.pixels", 0.8401, 10_000), Plain("linear.untrained", 0.8217, 10_000),
            ], wall: 31),
            Stage("decoder", ["dataset", "encoder"], wall: 0.3),
            Stage("reference.test", ["dataset", "features"], kind: "reference", images: [Sheet("real", 0)], wall: 9),
            Stage("reconstruction", ["encoder", "decoder", "features", "reference.test"], measurements:
                [Generated("rfid", 2.214, 0), Generated("rfid.train", 2.402, 0)], images: [Sheet("reconstruction", 99)], wall: 14),
            Stage("latents", ["dataset", "encoder"], wall: 12),
            Stage("teacher", ["latents"], wall: 0.5),
            Stage("teacherSampling", ["teacher", "decoder", "latents"], kind: "sampling",
                images: [Sheet("samples@1", 5), Sheet("samples@50", 1)], wall: 96),
            Stage("teacherEvaluation", ["teacherSampling", "features", "reference.test"], kind: "evaluation", measurements:
                [.. Metrics(1, 26.83, 1.1), .. Metrics(50, 12.07, 0)], wall: 20),
            Stage("cmt", ["latents", "teacher"], seed: 0,
                series: [Loss("loss", steps, 0.52, 7, 0.3), Loss("gradientNorm", steps, 2.4, 8, 0.8)], wall: 88),
        };
        var arms = lambdas.Select(Arm).ToArray();
        var runs = new List<RunRecord>();
        foreach (var (lambda, at) in lambdas.Select((lambda, at) => (lambda, at)))
        {
            for (var seed = 0; seed < seeds; seed++)
            {
                runs.Add(Run(stages, arms[at].Name, lambda, at, seed, steps, diverged && at == lambdas.Length - 1 && seed == seeds - 1));
            }
        }

        return new(
            "ablation-lambda",
            "experiments/ablation-lambda.json",
            "How much teacher velocity should the MeanFlow target carry?",
            "λ = 1 (MFD) has far lower gradient variance and wins at this budget; λ = 0 (MFT) is unbiased but noisy.",
            "fid@1",
            Key("plan"),
            ["sampling.samples=10000"],
            arms,
            [.. Enumerable.Range(0, seeds).Select(seed => (long)seed)],
            runs,
            stages,
            Files:
            [
                new("experiments/ablation-lambda.json", "// Which λ? <All> of them.\n{ \"extends\": \"base/fashion-mnist.json\" }\n"),
                new("experiments/base/fashion-mnist.json", "{ \"version\": 1 }\n", 1_234_567),
            ],
            SmallestRelevantEffect: 0.03);
    }

    /// <summary>A record with snapshots of each completed run. FID falls to that of the run's samples, faster for larger λ.</summary>
    public static ExperimentRecord WithSnapshots(ExperimentRecord record)
    {
        var stages = record.Stages.ToList();
        var runs = record.Runs.Select((run, at) =>
        {
            if (run.Status != "completed")
            {
                return run;
            }

            var label = $"snapshots {run.Arm} seed {run.Seed}";
            var lambda = double.Parse(run.Arm["lambda=".Length..], System.Globalization.CultureInfo.InvariantCulture);
            long[] steps = [0, 125, 250, 500, 1000];
            stages.Add(Stage(
                label, [$"meanflow {run.Arm} seed {run.Seed}", "decoder", "latents", "features", "reference.test"], kind: "snapshots",
                definition: """{"stage":"snapshots","trainingSteps":1000,"samples":1000,"seed":0,"labels":"balanced","reference":"test"}""",
                series: [new("fid@1", steps, [.. steps.Select(step => (double?)Math.Round(
                    14 - lambda + 0.1 * run.Seed + 40 * Math.Exp(-step * (2 + 3 * lambda) / 400), 4))])],
                images: [.. steps.Select(step => Sheet($"snapshot@{step}", 9 * Math.Exp(-step / 300d) - lambda, rows: 2))], wall: 4));
            return run with { Stages = new Dictionary<string, string>(run.Stages) { ["snapshots"] = Key(label) } };
        }).ToArray();
        return record with { Stages = stages, Runs = runs };
    }

    /// <summary>A key that is a function of the label.</summary>
    public static string Key(string label) =>
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(label)));

    private static ArmRecord Arm(double lambda)
    {
        var text = FormattableString.Invariant($"{lambda}");
        return new(
            $"lambda={text}",
            lambda == 0,
            new Dictionary<string, string> { ["meanflow.lambda"] = text },
            $$$"""{"meanflow": {"kind":"lambda","lambda":{{{text}}},"training":{"steps":900,"learningRate":0.0001}},"""
                + "\"sampling\":{\"samples\":10000} }");
    }

    private static RunRecord Run(List<StageRecord> stages, string arm, double lambda, int at, int seed, int steps, bool diverged)
    {
        var label = $"{arm} seed {seed}";
        var fid = 11.6 - 1.9 * Math.Sin(2.6 * lambda) + 0.22 * lambda + 0.11 * (seed - 0.5) * Math.Cos(9 * lambda);
        stages.Add(Stage(
            $"meanflow {label}", ["latents", "teacher", "cmt"], kind: "meanflow", seed: seed, status: diverged ? "diverged" : "completed",
            error: diverged ? "the loss is not finite at step 3" : null,
            series:
            [
                Loss("loss", steps, 0.34 - 0.2 * lambda, 11 * at + seed, 0.12, diverged),
                Loss("loss.interval", steps, 0.46 - 0.2 * lambda, 13 * at + seed, 0.2, diverged),
                Loss("loss.equal", steps, 0.3 - 0.2 * lambda, 17 * at + seed, 0.1, diverged),
                Loss("gradientNorm", steps, 6.5 - 5.2 * lambda, 19 * at + seed, 1.5, diverged),
            ],
            wall: 70 + 2 * seed + at));
        stages.Add(Stage(
            $"sampling {label}", ["meanflow " + label, "decoder", "latents"], kind: "sampling", status: diverged ? "skipped" : "completed",
            reason: diverged ? $"meanflow {label} diverged" : null,
            images: diverged ? [] : [Sheet("samples@1", 3 - lambda), Sheet("samples@2", 2 - lambda)], wall: 9));
        stages.Add(Stage(
            $"evaluation {label}", ["sampling " + label, "features", "reference.test", "teacherSampling"], kind: "evaluation",
                status: diverged ? "skipped" : "completed",
            reason: diverged ? $"sampling {label} was skipped" : null,
            measurements: diverged ? [] : [.. Metrics(1, fid, 0.06 + 0.03 * lambda), .. Metrics(2, fid - 0.8, 0.05 + 0.02 * lambda)],
                wall: 11));

        string[] shared = ["dataset", "features", "encoder", "probe", "decoder", "reference.test", "reconstruction", "latents", "teacher",
            "teacherSampling", "teacherEvaluation", "cmt"];
        var roles = shared.ToDictionary(role => role, Key);
        foreach (var role in new[] { "meanflow", "sampling", "evaluation" })
        {
            roles[role] = Key($"{role} {label}");
        }

        return new(Key("run " + label), arm, seed, diverged ? "diverged" : "completed", roles);
    }

    private static StageRecord Stage(
        string label,
        string[] inputs,
        string? kind = null,
        string status = "completed",
        string? reason = null,
        string? error = null,
        long? seed = null,
        IReadOnlyList<Measurement>? measurements = null,
        IReadOnlyList<SeriesRecord>? series = null,
        IReadOnlyList<ImageRecord>? images = null,
        double wall = 1,
        string? definition = null) => new(
            Key(label),
            kind ?? label,
            label,
            status,
            reason,
            seed,
            definition ?? $$"""{"stage":"{{kind ?? label}}"}""",
            inputs.ToDictionary(input => input.Split(' ')[0], Key),
            status == "skipped" ? [] : [new(
                1, status, "node-1", "cpu", 2, Start.AddSeconds(wall), null, wall, 1.9 * wall, 640_000_000 + (long)(1e6 * wall), error,
                Trace: error is null ? null : new(
                    "meanflow: 2 threads\nwarning: <the gradient> grows & grows",
                    [.. series!.Where(one => FailureTrace.Names.Contains(one.Name))]))],
            measurements ?? [],
            series ?? [],
            images ?? []);

    private static Measurement[] Metrics(int steps, double fid, double endpoint) =>
    [
        Generated("fid", fid, steps),
        Generated("fid.train", fid + 0.21, steps),
        Generated("is", 8.9 - fid / 10, steps) with { HigherIsBetter = true },
        Generated("accuracy", 0.97 - fid / 100, steps) with { HigherIsBetter = true, Reference = "" },
        Generated("endpointError", endpoint, steps) with { Extractor = "", Reference = "", Samples = 1_000 },
    ];

    private static Measurement Generated(string metric, double value, int steps) =>
        new(metric, value, null, null, 10_000, steps, 1, steps == 0 ? "dataset" : "balanced", Extractor, "uint8, 28x28, [-1, 1]", Reference,
            false);

    private static Measurement Plain(string metric, double value, long samples) =>
        new(metric, value, null, null, samples, 0, 1, "dataset", "", "uint8", "", true);

    /// <summary>A falling curve with noise that is a function of its arguments.</summary>
    private static SeriesRecord Loss(string name, int steps, double level, int phase, double noise, bool diverged = false)
    {
        long[] at = [.. Enumerable.Range(1, steps).Select(step => 10L * step)];
        return new(name, at, [.. at.Select((_, i) =>
        {
            var progress = (double)i / Math.Max(1, steps - 1);
            var wave = Math.Sin(12.9898 * (i + 1) + 78.233 * phase) * 43758.5453;
            var random = wave - Math.Floor(wave) - 0.5;
            double? value = Math.Round(level * (1 + 1.6 * Math.Exp(-6 * progress)) + noise * level * random, 6);
            return diverged && i >= steps / 2 ? null : value;
        })]);
    }

    /// <summary>A sheet of little garments, the blurrier the larger <paramref name="blur"/>.</summary>
    private static ImageRecord Sheet(string name, double blur, int rows = 4)
    {
        const int Cell = 28, Columns = 10;
        var png = Png.Grey(Cell * Columns, Cell * rows, (x, y) =>
        {
            var (column, row, u, v) = (x / Cell, y / Cell, x % Cell - 13.5, y % Cell - 13.5);
            var width = 5 + (column * 7 + row * 3) % 5 + (Math.Abs(v) < 4 && column % 3 == 0 ? 4 : 0);
            var edge = Math.Max(Math.Abs(u) - width, Math.Abs(v) - 11 + row);
            return (byte)Math.Clamp(215 / (1 + Math.Exp(edge / (0.4 + blur / 3))) * (0.8 + 0.2 * Math.Cos(u * (column + 1) / 4)), 0, 255);
        });
        return new(name, $"The first {Columns * rows} samples, a class a column.", png);
    }
}
