using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Paths;
using MfRae.Lab.Learning.Sampling;
using MfRae.Lab.Learning.Stages;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Reference;

/// <summary>The released sampling: labels, grids, latents of a mean-flow network, pixels and bytes; and Euler steps along u(z, t, t).</summary>
internal sealed partial class ReleasedSamplingCheck : IReferenceCheck
{
    private const double LatentSingle = 2e-5;
    private const double LatentDouble = 1e-10;
    private const double PixelSingle = 3e-5;
    private const double PixelDouble = 1e-10;

    // Computed in float64 and rounded once to float32.
    private const double Rounded = 1e-6;

    // A byte may differ by one where the pixel is this near to a whole number.
    private const double NearInteger = 0.02;

    public string Kind => "released_sampling";

    public void Run(ReferenceManifest manifest)
    {
        CheckLabels(manifest);
        foreach (var type in new[] { ScalarType.Float64, ScalarType.Float32 })
        {
            using var quiet = no_grad();
            var network = ReferenceNetwork.Load(manifest, "generator_state", interval: true, type);
            var pictures = Pictures.Load(manifest, type);
            foreach (var name in manifest.Listed.Order(StringComparer.Ordinal))
            {
                if (Steps().Match(name) is { Success: true } steps)
                    CheckSteps(manifest, steps, network, pictures, type);
                else if (Grid().Match(name) is { Success: true } grid)
                    CheckGrid(manifest, grid, network, pictures, type);
                else if (Ode().Match(name) is { Success: true } ode)
                    CheckOde(manifest, ode, network, type);
            }
        }
    }

    // As many of each class, in the order of torch.randperm with the script's seed; the first of them are the labels of its first batch.
    private static void CheckLabels(ReferenceManifest manifest)
    {
        var released = manifest.Json.GetProperty("released");
        var count = released.GetProperty("num_fid_samples").GetInt32();
        var noise = new SampleNoise(released.GetProperty("global_seed").GetInt64(), 1, count, SamplingOptions.PermutedLabels, CPU);
        var labels = noise.Labels(count, manifest.Json.GetProperty("hyper").GetProperty("num_classes").GetInt32());
        manifest.Compare("labels.equal", labels);
        manifest.Compare("y", labels.slice(0, 0, manifest["y"].shape[0], 1));
    }

    // stepsN.WHAT and releasedN.u8: N steps on the uniform grid.
    private static void CheckSteps(ReferenceManifest manifest, Match name, ReferenceNetwork network, Pictures pictures, ScalarType type)
    {
        var count = int.Parse(name.Groups["count"].Value, CultureInfo.InvariantCulture);
        var latents = Sample(manifest, network, type, new UniformGridOptions(), new TimeShift(1), count);
        Compare(manifest, name, latents, pictures, type);
    }

    private static void CheckGrid(ReferenceManifest manifest, Match name, ReferenceNetwork network, Pictures pictures, ScalarType type)
    {
        var grid = name.Groups["grid"].Value;
        var times = manifest[$"grid.{grid}.times"].data<double>().ToArray();
        manifest.Json.GetProperty("grids").GetProperty(grid).EnumerateArray().Select(time => time.GetDouble()).Should().Equal(times);
        var shift = grid == "explicit" ? null : new TimeShift(ShiftOf(grid, times));
        var what = name.Groups["what"].Value;
        if (what == "times" && shift is not null)
        {
            manifest.Compare(name.Value, tensor(shift.Grid(times.Length - 1)), absolute: 1e-12);
            return;
        }

        SamplingGridOptions options = shift is null ? new TimesGridOptions([times]) : new ShiftedGridOptions();
        if (what == "trajectory")
        {
            var points = Enumerable.Range(2, times.Length - 1).Select(end => FewStepGenerator
                .MeanFlow(network.AverageVelocity, new TimeShift(1)).Along(times[..end], manifest["noise"].to(type), manifest["y"]));
            CompareRounded(manifest, name.Value, stack([.. points]), type);
        }
        else if (what != "times")
        {
            Compare(manifest, name, Sample(manifest, network, type, options, shift ?? new TimeShift(1), times.Length - 1), pictures, type);
        }
    }

    // Euler steps along v(z, t) = u(z, t, t) on K points, the last of which is not 0.
    private static void CheckOde(ReferenceManifest manifest, Match name, ReferenceNetwork network, ScalarType type)
    {
        var points = int.Parse(name.Groups["points"].Value, CultureInfo.InvariantCulture);
        var stored = manifest[$"velocity_ode.{name.Groups["shift"].Value}.K{points}.grid"].to(float64);
        if (name.Groups["what"].Value == "grid")
        {
            // From the first step, as the name has the shift with few digits.
            var (time, before) = (stored[1].item<double>(), 1 - ((1 - OdeCheck.ReleasedEnd) / (points - 1)));
            var shift = time * (1 - before) / (before * (1 - time));
            shift.Should().BeApproximately(Named(name.Groups["shift"].Value), 1e-3);
            manifest.Compare(name.Value, tensor(new TimeShift(shift).Grid(points - 1, OdeCheck.ReleasedEnd)), OdeCheck.GridTolerance);
            return;
        }

        var end = FewStepGenerator.Solver("euler", (z, t, y) => network.AverageVelocity(z, t, t, y), new TimeShift(1))
            .Along(stored.data<double>().ToArray(), manifest["noise"].to(type), manifest["y"]);
        CompareRounded(manifest, name.Value, end, type);
    }

    private static Tensor Sample(
        ReferenceManifest manifest, ReferenceNetwork network, ScalarType type, SamplingGridOptions grid, TimeShift shift, int steps) =>
        FewStepGenerator.MeanFlow(network.AverageVelocity, shift, grid).Sample(manifest["noise"].to(type), manifest["y"], steps);

    private static void Compare(ReferenceManifest manifest, Match name, Tensor latents, Pictures pictures, ScalarType type)
    {
        var wide = type == ScalarType.Float64;
        switch (name.Groups["what"].Value)
        {
            case "latent":
                CompareAs(manifest, name.Value, latents, type, wide ? LatentDouble : LatentSingle);
                break;
            case "denormalised":
                CompareAs(manifest, name.Value, pictures.Denormalise(latents), type, wide ? LatentDouble : LatentSingle);
                break;
            case "pixels":
                CompareAs(manifest, name.Value, pictures.Pixels(latents), type, wide ? PixelDouble : PixelSingle);
                break;
            case "u8":
                CompareBytes(manifest, name.Value, latents, pictures);
                break;
        }
    }

    // A run in one precision is compared with the values of the same precision; values rounded to float32 are those of the float64 run.
    private static void CompareAs(ReferenceManifest manifest, string name, Tensor value, ScalarType type, double absolute)
    {
        if (name.EndsWith(".f64as32", StringComparison.Ordinal))
            CompareRounded(manifest, name, value, type, absolute);
        else if (name.EndsWith(type == ScalarType.Float64 ? ".f64" : ".f32", StringComparison.Ordinal))
            manifest.Compare(name, value, absolute);
    }

    private static void CompareRounded(ReferenceManifest manifest, string name, Tensor value, ScalarType type, double single = LatentSingle)
    {
        if (type == ScalarType.Float64)
            manifest.Compare(name, value, relative: Rounded);
        else
            manifest.Compare(name, value, absolute: single);
    }

    private static void CompareBytes(ReferenceManifest manifest, string name, Tensor latents, Pictures pictures)
    {
        var expected = manifest[name].to(int64);
        var bytes = pictures.Bytes(latents).permute(0, 2, 3, 1).to(int64);
        bytes.shape.Should().Equal(expected.shape, "{0} in {1}", name, manifest.Path);
        var levels = pictures.Pixels(latents).permute(0, 2, 3, 1).to(float64) * 255;
        var apart = (bytes - expected).abs();
        apart.max().item<long>().Should().BeLessThanOrEqualTo(1, "{0} in {1}", name, manifest.Path);
        (apart.gt(0) & (levels - levels.round()).abs().gt(NearInteger)).any().item<bool>()
            .Should().BeFalse("{0} in {1} may differ only where a pixel is nearly a whole number", name, manifest.Path);
        (bytes.ne(levels.round().clamp(0, 255).to(int64))).any().item<bool>().Should().BeTrue("rounding gives other bytes than truncation");
    }

    // t = s u / (1 + (s - 1) u) at the first time after 1.
    private static double ShiftOf(string grid, double[] times)
    {
        var (time, before) = (times[1], 1 - (1.0 / (times.Length - 1)));
        var shift = time * (1 - before) / (before * (1 - time));
        shift.Should().BeApproximately(Named(grid[..grid.LastIndexOf('.')]), 1e-3);
        return shift;
    }

    private static double Named(string shift) => double.Parse(shift["shift".Length..], CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(steps|released)(?<count>\d+)\.(?<what>\w+)(\.\w+)?$")]
    private static partial Regex Steps();

    [GeneratedRegex(@"^grid\.(?<grid>shift[\d.]+\.K\d+|explicit)\.(?<what>\w+)(\.\w+)?$")]
    private static partial Regex Grid();

    [GeneratedRegex(@"^velocity_ode\.(?<shift>shift[\d.]+)\.K(?<points>\d+)\.(?<what>\w+)(\.\w+)?$")]
    private static partial Regex Ode();

    /// <summary>The way from normalised latents to pixels.</summary>
    private sealed record Pictures(MaeDecoder Decoder, Weights Weights, LatentStatistics Statistics)
    {
        public static Pictures Load(ReferenceManifest manifest, ScalarType type)
        {
            var pixels = RaeCheck.PixelsOf(manifest);
            var shape = manifest["noise"].shape;
            var decoder = new MaeDecoder(
                RaeCheck.DecoderOptions(manifest.Json.GetProperty("decoder_hyper")), new(shape[1], shape[2], shape[3]), pixels);
            var weights = Weights.Load(decoder.Declare(), manifest.Beside(manifest.Json.GetProperty("decoder_state").GetString()!), CPU, type);
            return new(decoder, weights, RaeCheck.Statistics(manifest, type));
        }

        public Tensor Denormalise(Tensor latents) => Statistics.Denormalise(latents);

        /// <summary>About [0, 1], not clamped.</summary>
        public Tensor Pixels(Tensor latents) => Decoder.Decode(Weights, Denormalise(latents));

        public Tensor Bytes(Tensor latents) =>
            LabeledImages.ToBytes(((IDecoder)Decoder).Decode(Weights, Denormalise(latents)), truncated: true);
    }
}
