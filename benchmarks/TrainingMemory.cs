using System.Diagnostics;
using System.Globalization;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Profiling;
using MfRae.Lab.Learning.Training;
using static TorchSharp.torch;

namespace MfRae.Lab.Benchmarks;

/// <summary>
/// The peak memory of training steps of the paper's network at a smaller depth, against the prediction of `profile`. Each case is measured in a
/// separate process with the environment of a worker.
/// </summary>
internal sealed class TrainingMemory(string experiment, int threads)
{
    /// <summary>Three depths and two batches.</summary>
    public const string Usual =
        "meanflow:2:6,meanflow:4:6,meanflow:8:6,meanflow:2:8,meanflow:4:8,meanflow:8:8,meanflow:8:8:2,meanflow:8:8:4:recompute,cmt:4:8";

    private const int Steps = 2;
    private const int Latents = 16;
    private const int Classes = 1000;
    private const double Gigabyte = 1e9;

    /// <summary>Prints a table of cases such as `meanflow:4:8:2:recompute`: stage, trunk depth, batch, micro-batch, recomputation.</summary>
    public void Run(string[] cases)
    {
        Console.WriteLine($"{Machine.Description}; {threads} threads; {Path.GetFileName(experiment)}; {Steps} steps.");
        Console.WriteLine();
        Console.WriteLine("| stage | trunk depth | batch | at once | recomputation | predicted GB | measured GB | predicted / measured | s a step |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|");
        foreach (var name in cases)
        {
            var one = Case.Parse(name);
            var predicted = Predict(one) / Gigabyte;
            var answer = InChild(name).Split(' ');
            var measured = double.Parse(answer[0], CultureInfo.InvariantCulture);
            Console.WriteLine(FormattableString.Invariant(
                $"| {one.Stage} | {one.Depth} | {one.Batch} | {(one.MicroBatch > 0 ? one.MicroBatch : one.Batch)} | {(one.Recompute ? "yes" : "no")} | {predicted:F2} | {measured:F2} | {predicted / measured:F2} | {answer[1]} |"));
        }
    }

    /// <summary>The peak of the resident set above that of the process before the networks exist, in GB, and the seconds of a step.</summary>
    public string Measure(string name)
    {
        var one = Case.Parse(name);
        // Torch and the code of the first operations take memory too.
        using (NewDisposeScope())
            _ = ones(512, 512).matmul(ones(512, 512)).sum().item<float>();
        var before = ResourceUse.PeakBytes();
        var options = Read(one).Arms[0].Options;
        using var scope = NewDisposeScope();
        var sizes = ((PretrainedTeacherOptions)options.Teacher).Network!;
        var encoder = new Dinov2Encoder(((Dinov2EncoderOptions)options.Encoder).Network);
        var random = new RandomSource(0, CPU);
        var teacher = GeneratorNetwork.Create(sizes, encoder.Shape, Classes, interval: false);
        using var teacherWeights = Weights.Initialise(teacher.Declare(), random, CPU);
        using var source = new LatentBatches(new TensorFile("latents", new Dictionary<string, Tensor>
        {
            ["latents"] = random.Normal("latents", 0, Latents, encoder.Shape.Channels, encoder.Shape.Rows, encoder.Shape.Columns),
            ["labels"] = arange(Latents, dtype: ScalarType.Int64).remainder(Classes),
        }, new Dictionary<string, string>()), one.Batch, random, CPU);
        Tensor Velocity(Tensor z, Tensor t, Tensor y) => teacher.Velocity(teacherWeights, z, t, y);
        var trained = one.Stage == "cmt" ? (ITrained)options.Cmt : (ITrained)options.MeanFlow;
        var network = teacher.WithInterval();
        using var weights = Weights.Initialise(network.Declare(), random, CPU);
        var watch = Stopwatch.StartNew();
        using var folder = new TemporaryFolder();
        using (new Trainer(trained.Training, Context(folder.Path, one))
            .Run(network.Declare(), weights, IObjective.Create(trained, network, Velocity, source)))
        {
        }

        return FormattableString.Invariant($"{(ResourceUse.PeakBytes() - before) / Gigabyte} {watch.Elapsed.TotalSeconds / Steps:F0}");
    }

    private double Predict(Case one) => Profiler.Profile(Read(one), Environment.CurrentDirectory)[0].Training
        .Single(training => training.Stage == one.Stage).TotalBytes(one.MicroBatch, one.Recompute);

    private Experiment Read(Case one)
    {
        // Without the encoder, whose weights are a constant, and in the arithmetic of this machine: TF32 is emulated on a CPU.
        string[] overrides =
        [
            $"teacher.network.trunkDepth={one.Depth}", $"meanflow.network.trunkDepth={one.Depth}", "latents.cache=memory", "dataset.flip=false",
            $"meanflow.training.batchSize={one.Batch}", $"meanflow.training.steps={Steps}", "meanflow.training.precision=float32",
            $"cmt.training.batchSize={one.Batch}", $"cmt.training.steps={Steps}", "cmt.training.precision=float32",
            $"cmt.pairsPerTrajectory={one.Batch}",
        ];
        var read = ExperimentReader.Read(experiment, overrides, Environment.CurrentDirectory, needFiles: false);
        return read.Experiment ?? throw new InvalidOperationException(string.Join("; ", read.Diagnostics.Select(found => found.Message)));
    }

    private static StageContext Context(string folder, Case one) => BenchmarkStage.Training(
        folder, new(Device: "cpu", CheckpointSeconds: int.MaxValue, MicroBatch: one.MicroBatch, Recompute: one.Recompute));

    private string InChild(string name) => Measured.InChild(
        ["training-memory", "case=" + name, "experiment=" + experiment, "threads=" + threads],
        environment => WorkerEnvironment.Apply(environment, threads));

    /// <param name="MicroBatch">0: the whole batch.</param>
    private sealed record Case(string Stage, int Depth, int Batch, int MicroBatch, bool Recompute)
    {
        public static Case Parse(string name)
        {
            var parts = name.Split(':');
            int Number(int i) => i < parts.Length ? int.Parse(parts[i], CultureInfo.InvariantCulture) : 0;
            return new(parts[0], Number(1), Number(2), Number(3), parts.Length > 4);
        }
    }
}
