using System.Diagnostics;
using System.Globalization;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Paths;
using MfRae.Lab.Learning.Profiling;
using MfRae.Lab.Learning.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Benchmarks;

/// <summary>
/// The peak memory of training steps of the paper's network at a smaller depth, against the prediction of `profile`. Each case is measured in a
/// process of its own with the environment of a worker.
/// </summary>
internal sealed class TrainingMemory(string experiment, int threads)
{
    /// <summary>Three depths and two batches.</summary>
    public const string Usual = "meanflow:2:4,meanflow:4:8,meanflow:8:4";

    private const int Steps = 2;
    private const int Latents = 16;
    private const int Classes = 1000;
    private const double Gigabyte = 1e9;

    /// <summary>Prints a table of cases such as `meanflow:4:8`: stage, trunk depth, batch.</summary>
    public void Run(string[] cases)
    {
        Console.WriteLine($"{Machine.Description}; {threads} threads; {Path.GetFileName(experiment)}; {Steps} steps.");
        Console.WriteLine();
        Console.WriteLine("| stage | trunk depth | batch | predicted GB | measured GB | predicted / measured | s a step |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        foreach (var name in cases)
        {
            var (stage, depth, batch) = Parse(name);
            var predicted = Predict(stage, depth, batch) / Gigabyte;
            var answer = InChild(name).Split(' ');
            var measured = double.Parse(answer[0], CultureInfo.InvariantCulture);
            Console.WriteLine(FormattableString.Invariant(
                $"| {stage} | {depth} | {batch} | {predicted:F2} | {measured:F2} | {predicted / measured:F2} | {answer[1]} |"));
        }
    }

    /// <summary>The peak of the resident set above that of the process before the networks exist, in GB, and the seconds of a step.</summary>
    public string Measure(string name)
    {
        var (stage, depth, batch) = Parse(name);
        // Torch and the code of the first operations take memory of their own.
        using (NewDisposeScope())
            _ = ones(512, 512).matmul(ones(512, 512)).sum().item<float>();
        var before = ResourceUse.PeakBytes();
        var options = Read(stage, depth, batch).Arms[0].Options;
        using var scope = NewDisposeScope();
        var sizes = ((PretrainedTeacherOptions)options.Teacher).Network!;
        var encoder = new Dinov2Encoder(((Dinov2EncoderOptions)options.Encoder).Network);
        var random = new RandomSource(0, CPU);
        var teacher = new DitNetwork(sizes, encoder.Shape, Classes, interval: false);
        using var teacherWeights = stage == "teacher" ? null : Weights.Initialise(teacher.Declare(), random, CPU);
        using var source = new LatentBatches(new TensorFile("latents", new Dictionary<string, Tensor>
        {
            ["latents"] = random.Normal("latents", 0, Latents, encoder.Shape.Channels, encoder.Shape.Rows, encoder.Shape.Columns),
            ["labels"] = arange(Latents, dtype: ScalarType.Int64).remainder(Classes),
        }, new Dictionary<string, string>()), Math.Min(batch, Latents), random, CPU);
        VelocityField? velocity = teacherWeights is null ? null : (z, t, y) => teacher.Velocity(teacherWeights, z, t, y);
        ITrained trained = stage switch
        {
            "teacher" => new FlowMatchingOptions(sizes, new UniformTimeOptions(), new TrainingOptions(Steps, batch)),
            "cmt" => (ITrained)options.Cmt,
            _ => (ITrained)options.MeanFlow,
        };
        var network = stage == "teacher" ? teacher : teacher.WithInterval();
        using var weights = Weights.Initialise(network.Declare(), random, CPU);
        var watch = Stopwatch.StartNew();
        using var folder = new TemporaryFolder();
        using (new Trainer(trained.Training, Context(folder.Path))
            .Run(network.Declare(), weights, IObjective.Create(trained, network, velocity, source)))
        {
        }

        return FormattableString.Invariant($"{(ResourceUse.PeakBytes() - before) / Gigabyte} {watch.Elapsed.TotalSeconds / Steps:F0}");
    }

    private double Predict(string stage, int depth, int batch)
    {
        var experiment = Read(stage, depth, batch);
        return Profiler.Profile(experiment, Environment.CurrentDirectory)[0].Training.Single(training => training.Stage == stage).TotalBytes();
    }

    private Experiment Read(string stage, int depth, int batch)
    {
        // Without the encoder, whose weights are a constant.
        string[] overrides =
        [
            $"teacher.network.trunkDepth={depth}", $"meanflow.network.trunkDepth={depth}", "latents.cache=memory", "dataset.flip=false",
            $"meanflow.training.batchSize={batch}", $"meanflow.training.steps={Steps}", $"cmt.training.steps={Steps}",
            $"cmt.training.batchSize={batch}", $"cmt.pairsPerTrajectory={Math.Max(1, batch / 2)}",
        ];
        var read = ExperimentReader.Read(experiment, overrides, Environment.CurrentDirectory, needFiles: false);
        return read.Experiment ?? throw new InvalidOperationException(string.Join("; ", read.Diagnostics.Select(found => found.Message)));
    }

    private static (string Stage, int Depth, int Batch) Parse(string name)
    {
        var parts = name.Split(':');
        return (parts[0], int.Parse(parts[1], CultureInfo.InvariantCulture), int.Parse(parts[2], CultureInfo.InvariantCulture));
    }

    private static StageContext Context(string folder)
    {
        var node = new StageNode("", "meanflow", "benchmark", new ProbeStage(), 0, new Dictionary<string, string>());
        var settings = new RunSettings(Device: "cpu", CheckpointSeconds: int.MaxValue);
        return new(new(node, new Dictionary<string, string>(), folder, 1, settings), folder, new Silence(), TimeProvider.System, CancellationToken.None);
    }

    private string InChild(string name)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["training-memory", "case=" + name, "experiment=" + experiment, "threads=" + threads])
        {
            RedirectStandardOutput = true,
        };
        WorkerEnvironment.Apply(start.Environment, threads);
        using var child = Process.Start(start)!;
        var answer = child.StandardOutput.ReadToEnd().Trim();
        child.WaitForExit();
        return child.ExitCode == 0 ? answer : throw new InvalidOperationException($"the process for {name} exited {child.ExitCode}");
    }

    private sealed class Silence : IJournal
    {
        public void Write(JournalEvent entry)
        {
        }

        public void Flush()
        {
        }
    }
}
