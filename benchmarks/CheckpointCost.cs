using System.Diagnostics;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Training;
using static TorchSharp.torch;

namespace MfRae.Lab.Benchmarks;

/// <summary>How long a training is held by a checkpoint, and the memory in which weights and checkpoints are loaded.</summary>
internal static class CheckpointCost
{
    private const int LargestTensor = 1 << 22;
    private const double GB = 1e9;

    /// <summary>Writes checkpoints of a network of this many parameters in both ways.</summary>
    public static void Run(long parameters)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        using var folder = new TemporaryFolder();
        using var weights = Filled(Spec(parameters));
        using var average = Filled(Spec(parameters));
        var (checkpoint, context) = State(folder.Path, weights, average);
        Console.WriteLine($"{Machine.Description}; {parameters / 1e6:F0}M parameters, {checkpoint.Bytes / GB:F2} GB in a checkpoint.");
        Console.WriteLine();
        Console.WriteLine("| | training is held, s | until complete, s |");
        Console.WriteLine("|---|---|---|");

        using var writer = new CheckpointWriter(checkpoint, context, () => long.MaxValue);
        var written = Seconds(() => writer.WriteNow(1));
        var again = Seconds(() => FileHash.Of(Path.Combine(folder.Path, "checkpoint.1.safetensors")));
        Console.WriteLine($"| written by the training, then read and hashed | {written + again:F2} | {written + again:F2} |");
        Console.WriteLine($"| written and hashed by the training | {written:F2} | {written:F2} |");
        var held = Seconds(() => writer.WriteIfDue(2));
        var rest = Seconds(writer.Dispose);
        Console.WriteLine($"| copied, then written and hashed in the background | {held:F2} | {held + rest:F2} |");
    }

    /// <summary>Writes the file for <see cref="Load"/>.</summary>
    public static void Write(long parameters, string file)
    {
        using var weights = Filled(Spec(parameters));
        weights.Save(file, new Dictionary<string, string>());
    }

    /// <summary>Loads a file of weights, and prints the memory that this added at its peak.</summary>
    public static void Load(string path)
    {
        var file = TensorFile.Open(path);
        var spec = new WeightSpec();
        foreach (var (name, tensor) in file.Tensors)
            spec.Parameter(name, [.. tensor.Shape], WeightSpec.Initial.Zero);
        Measure(path, () => Weights.Load(spec, file, CPU).Dispose());
    }

    /// <summary>Writes a checkpoint, or resumes from it and prints the memory that this added at its peak, with that of the tensors.</summary>
    public static void Resume(long parameters, string folder)
    {
        var path = Path.Combine(folder, "checkpoint.1.safetensors");
        if (!File.Exists(path))
        {
            using var weights = Filled(Spec(parameters));
            using var average = Filled(Spec(parameters));
            var (checkpoint, context) = State(folder, weights, average);
            using var writer = new CheckpointWriter(checkpoint, context, () => 0);
            writer.WriteNow(1);
            return;
        }

        Measure(path, () =>
        {
            using var weights = Filled(Spec(parameters));
            using var average = Filled(Spec(parameters));
            State(folder, weights, average).Checkpoint.Restore(Console.WriteLine);
        });
    }

    private static void Measure(string path, Action load)
    {
        var before = Environment.WorkingSet;
        var seconds = Seconds(load);
        var (size, added) = (new FileInfo(path).Length, ResourceUse.PeakBytes() - before);
        Console.WriteLine(FormattableString.Invariant(
            $"{Path.GetFileName(path)}: {size / GB:F2} GB, loaded in {seconds:F1} s and at most {added / GB:F2} GB, {(double)added / size:F2} of its size"));
    }

    private static WeightSpec Spec(long parameters)
    {
        var spec = new WeightSpec();
        for (long start = 0; start < parameters; start += LargestTensor)
            spec.Parameter(FormattableString.Invariant($"w{start}"), [Math.Min(LargestTensor, parameters - start)], WeightSpec.Initial.Zero);
        return spec;
    }

    private static Weights Filled(WeightSpec spec)
    {
        using var quiet = no_grad();
        var weights = Weights.Initialise(spec, new RandomSource(0, CPU), CPU);
        weights.Flat.fill_(0.1);
        return weights;
    }

    private static (Checkpoint Checkpoint, StageContext Context) State(string folder, Weights weights, Weights average)
    {
        var options = new TrainingOptions(1);
        var optimizer = new AdamW(options, weights);
        optimizer.First.fill_(0.2);
        optimizer.Second.fill_(0.3);
        var context = BenchmarkStage.Training(folder, new(Device: "cpu", CheckpointSeconds: 0));
        return (new(folder, weights, average, optimizer, new CurveWindow(), new GradientWatch(options, CPU), new LastSteps(1, CPU)), context);
    }

    private static double Seconds(Action act)
    {
        var watch = Stopwatch.StartNew();
        act();
        return watch.Elapsed.TotalSeconds;
    }
}
