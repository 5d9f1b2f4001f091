using System.Globalization;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using static TorchSharp.torch;

namespace MfRae.Lab.Benchmarks;

/// <summary>
/// The memory of attention, fused and as separate products, and of a frozen decoder by its number of layers, at the paper's widths. Each case is
/// measured in a separate process, after its weights exist.
/// </summary>
internal sealed class NetworkMemory(int threads)
{
    private const int Samples = 2;
    private const int Channels = 768;
    private const double Megabyte = 1e6;

    public void Run()
    {
        Console.WriteLine($"{Machine.Description}; {threads} threads; {Samples} samples.");
        Console.WriteLine();
        Console.WriteLine("| forward and backward pass, 1152 × 1 + 2048 × 1 | fused, MB a sample | separate products, MB a sample |");
        Console.WriteLine("|---|---|---|");
        foreach (var tokens in new[] { 256, 1024 })
            Console.WriteLine($"| {tokens} tokens | {InChild($"attention:{tokens}:fused")} | {InChild($"attention:{tokens}:separate")} |");
        Console.WriteLine();
        Console.WriteLine("| decoding, MAE ViT of width 1152 | 2 layers, MB an image | 6 layers, MB an image |");
        Console.WriteLine("|---|---|---|");
        foreach (var size in new[] { 256, 512 })
            Console.WriteLine($"| {size} × {size} | {InChild($"decoder:{size}:2")} | {InChild($"decoder:{size}:6")} |");
    }

    /// <summary>The megabytes of a sample.</summary>
    public static string Measure(string name)
    {
        var parts = name.Split(':');
        var number = int.Parse(parts[1], CultureInfo.InvariantCulture);
        var bytes = parts[0] == "attention" ? Attention(number, parts[2] == "fused") : Decoder(number, int.Parse(parts[2], CultureInfo.InvariantCulture));
        return FormattableString.Invariant($"{bytes / Samples / Megabyte:F0}");
    }

    private static double Attention(int tokens, bool fused)
    {
        using var scope = NewDisposeScope();
        var side = (long)Math.Sqrt(tokens);
        var network = new DitNetwork(new DitOptions(1152, 1, 16, 2048, 1, 16), new LatentShape(Channels, side, side), 10, interval: true);
        using var weights = Weights.Initialise(network.Declare(), new RandomSource(0, CPU), CPU);
        weights.Precision = fused ? Precision.Full : Precision.TwiceDifferentiable;
        weights.Train();
        var z = ones(Samples, Channels, side, side);
        return Peak(() => network.AverageVelocity(weights, z, zeros(Samples), ones(Samples), zeros(Samples, dtype: int64)).square().mean().backward());
    }

    private static double Decoder(int size, int layers)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var side = size / 16;
        var decoder = new MaeDecoder(new MaeDecoderOptions(1152, layers, 16, 4096, 16, size), new LatentShape(Channels, side, side));
        using var weights = Weights.Initialise(decoder.Declare(), new RandomSource(0, CPU), CPU);
        var latents = ones(Samples, Channels, side, side);
        return Peak(() => decoder.Decode(weights, latents));
    }

    private static double Peak(Action work)
    {
        // The kernel resets the peak of the resident set.
        File.WriteAllText("/proc/self/clear_refs", "5");
        var before = ResourceUse.PeakBytes();
        using var scope = NewDisposeScope();
        work();
        return ResourceUse.PeakBytes() - before;
    }

    private string InChild(string name) => Measured.InChild(["network-memory", "case=" + name, "threads=" + threads], environment =>
    {
        WorkerEnvironment.Apply(environment, threads);
        // Freed blocks return to the system at once: the peak is that of blocks in use.
        environment["MALLOC_MMAP_MAX_"] = "1000000";
        environment["MALLOC_MMAP_THRESHOLD_"] = "1000000";
    });
}
