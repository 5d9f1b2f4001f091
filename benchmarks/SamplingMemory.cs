using System.Diagnostics;
using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Sampling;
using MfRae.Lab.Learning.Stages;
using static TorchSharp.torch;

namespace MfRae.Lab.Benchmarks;

/// <summary>
/// Time and memory of a sampling stage with large images and tiny networks. The folder stays: a benchmark that was killed continues when it
/// is started again.
/// </summary>
internal static class SamplingMemory
{
    private const int Classes = 10;
    private static readonly LatentShape Shape = new(4, 16, 16);

    public static void Run(string folder, int samples)
    {
        string At(string name) => Path.Combine(folder, name);
        if (!Directory.Exists(At("samples")))
        {
            Directory.CreateDirectory(At("samples"));
            WriteInputs(folder);
        }

        var stage = new SamplingStage(samples, [1], 0, BatchSize: 100, KeptLatents: 1000);
        var inputs = new Dictionary<string, string>
        {
            [StageInput.Generator] = folder,
            [StageInput.Decoder] = folder,
            [StageInput.Latents] = folder,
        };
        var context = BenchmarkStage.Context("sampling", stage, inputs, folder, At("samples"), new(Device: "cpu"));
        var watch = Stopwatch.StartNew();
        StageFactory.Create(stage).Run(context);

        var file = At("samples/samples.1.safetensors");
        Console.WriteLine(FormattableString.Invariant(
            $"{samples} samples, {new FileInfo(file).Length / 1e9:F2} GB: {watch.Elapsed.TotalSeconds:F0} s, peak {ResourceUse.PeakBytes() / 1e6:F0} MB, SHA-256 {FileHash.Of(file)}"));
    }

    private static void WriteInputs(string folder)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var sizes = new DitOptions(TrunkWidth: 16, TrunkDepth: 1, TrunkHeads: 2, HeadWidth: 16, HeadDepth: 1, HeadHeads: 2, MlpRatio: 2);
        var generator = new DitNetwork(sizes, Shape, Classes, interval: true);
        var decoderSizes = new MaeDecoderOptions(HiddenSize: 16, Layers: 1, Heads: 2, IntermediateSize: 16);
        var decoder = new MaeDecoder(decoderSizes, Shape);
        Write(generator.Declare(), "network.safetensors", new()
        {
            ["type"] = "dit-mean-flow",
            ["network"] = JsonSerializer.Serialize(sizes, LabJson.Default.DitOptions),
            ["shape"] = "4x16x16",
            ["classes"] = "10",
        });
        Write(decoder.Declare(), "decoder.safetensors", new()
        {
            ["type"] = "mae-decoder",
            ["network"] = JsonSerializer.Serialize(decoderSizes, LabJson.Default.MaeDecoderOptions),
            ["shape"] = "4x16x16",
        });
        new LatentStatistics(zeros(4, 16, 16), ones(4, 16, 16), 1e-5).Save(Path.Combine(folder, "statistics.safetensors"));

        void Write(WeightSpec spec, string name, Dictionary<string, string> description)
        {
            using var weights = Weights.Initialise(spec, new RandomSource(1, CPU), CPU);
            weights.Flat.add_(new RandomSource(2, CPU).Normal("perturb", 0, weights.Flat.shape) * 0.1);
            weights.Save(Path.Combine(folder, name), description);
        }
    }
}
