using System.Globalization;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Reference;

/// <summary>Time shift, truncated logit-normal times, and pairs of times from given uniform numbers.</summary>
internal sealed class ScheduleCheck : IReferenceCheck
{
    // The released code draws on [0, 1 - 1/1000] whatever it is asked for.
    private const double ReleasedHigh = 0.999;

    private const double ShiftSingle = 3e-7;
    private const double ShiftDouble = 1e-12;
    private const double NormalSingle = 1e-4;
    private const double NormalDouble = 1e-9;
    private const double PairSingle = 1e-6;

    public string Kind => "schedule";

    public void Run(ReferenceManifest manifest)
    {
        CheckShifts(manifest);
        foreach (var name in manifest.Listed.Where(name => name.StartsWith("ln_", StringComparison.Ordinal)))
            CheckLogitNormal(manifest, name);
        foreach (var pair in manifest.Json.GetProperty("sample_mf").EnumerateObject())
            CheckPairs(manifest, pair.Name, pair.Value.GetProperty("fraction_equal").GetDouble());
    }

    private static void CheckShifts(ReferenceManifest manifest)
    {
        var scales = manifest.Json.GetProperty("shifts").EnumerateArray().Select(scale => scale.GetDouble()).ToArray();
        manifest.Compare("shifts", tensor(scales), relative: 1e-15);
        var t = manifest["t"];
        manifest.Compare("shifted.f32", stack(scales.Select(scale => new TimeShift(scale).Apply(t))), ShiftSingle);
        manifest.Compare("shifted.f64", stack(scales.Select(scale => new TimeShift(scale).Apply(t.to(float64)))), ShiftDouble);
    }

    // ln_LOW_HIGH.f32 or .f64
    private static void CheckLogitNormal(ReferenceManifest manifest, string name)
    {
        var ends = name[..name.LastIndexOf('.')].Split('_');
        var options = LogitNormal(manifest) with { Low = Number(ends[1]), High = Number(ends[2]) };
        var single = name.EndsWith(".f32", StringComparison.Ordinal);
        var uniform = manifest["u"].to(single ? float32 : float64);
        manifest.Compare(name, TimeDistribution.FromUniform(options, uniform), single ? NormalSingle : NormalDouble);
    }

    // smf.uni.ratioX or smf.ln.ratioX, where X is the share of pairs with r < t
    private static void CheckPairs(ReferenceManifest manifest, string name, double fractionEqual)
    {
        var parts = name.Split('.', 3);
        var ratio = Number(parts[2]["ratio".Length..]);
        TimeSamplerOptions options = parts[1] == "uni"
            ? new UniformTimeOptions(ReleasedHigh)
            : LogitNormal(manifest) with { High = ReleasedHigh };
        var shift = new TimeShift(manifest.Json.GetProperty("sample_mf_shift").GetDouble());
        var times = manifest["smf.u_time"];
        var sampler = new TimeSampler(options, shift, new RandomSource(0, CPU));
        var (r, t) = sampler.Pair(times.select(1, 0), times.select(1, 1), manifest["smf.u_equal"], 1 - ratio);

        var tolerance = options is UniformTimeOptions ? PairSingle : NormalSingle;
        manifest.Compare(name + ".r", r, tolerance);
        manifest.Compare(name + ".t", t, tolerance);
        ((r == t) == (manifest[name + ".r"] == manifest[name + ".t"])).all().item<bool>().Should().BeTrue("r = t for the same samples in {0}", name);
        (r == t).to(float64).mean().item<double>().Should().BeApproximately(fractionEqual, 1e-6, name);

        // The purpose of the times: the reference draws them together with the two ends of the path.
        var (x, noise) = (manifest["smf.x1"], manifest["smf.x0"]);
        var (zt, zr) = (LinearPath.At(x, noise, t), LinearPath.At(x, noise, r));
        (zt - zr - (LinearPath.BroadcastOverLatent(t - r) * LinearPath.Velocity(x, noise))).abs().max().item<float>().Should().BeLessThan(1e-5f, name);
    }

    private static LogitNormalTimeOptions LogitNormal(ReferenceManifest manifest)
    {
        var normal = manifest.Json.GetProperty("logit_normal");
        return new(normal.GetProperty("mu").GetDouble(), normal.GetProperty("sigma").GetDouble());
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
