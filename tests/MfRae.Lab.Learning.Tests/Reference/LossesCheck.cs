using System.Globalization;
using System.Text.Json;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Reference;

/// <summary>
/// The released losses: MFT, MFD and mixes, with their targets, weights and gradients, and CMT. Each case runs in both
/// precisions; where the manifest gives a value in float64 only, the float32 run is compared with that.
/// </summary>
internal sealed class LossesCheck : IReferenceCheck
{
    private const double WeightingDouble = 1e-9;

    public string Kind => "losses";

    public void Run(ReferenceManifest manifest)
    {
        CheckWeighting(manifest);
        foreach (var precision in new[] { LossPrecision.Single, LossPrecision.Double })
        {
            var student = ReferenceNetwork.Load(manifest, "student_state", interval: true, precision.Type);
            var teacher = ReferenceNetwork.Load(manifest, "teacher_state", interval: false, precision.Type);
            student.Weights.Train();
            var batch = Batch(manifest, precision.Type);
            CheckPath(manifest, batch, teacher, precision);
            foreach (var entry in manifest.Json.GetProperty("cases").EnumerateObject())
                CheckCase(manifest, entry.Name, entry.Value, batch, student, teacher, precision);
            CheckCmt(manifest, student, teacher, precision);
        }
    }

    private static MeanFlowBatch Batch(ReferenceManifest manifest, ScalarType type) => new(
        manifest["x1"].to(type), manifest["noise"].to(type), manifest["r"].to(type), manifest["t"].to(type), manifest["y"], manifest["y"]);

    private static void CheckPath(ReferenceManifest manifest, MeanFlowBatch batch, ReferenceNetwork teacher, LossPrecision precision)
    {
        using var quiet = no_grad();
        var z = LinearPath.At(batch.X, batch.Noise, batch.T);
        manifest.Compare("z_t.f64", z, relative: precision.Output);
        manifest.Compare("v_onepoint.f64", LinearPath.Velocity(batch.X, batch.Noise), relative: precision.Output);
        manifest.Compare("v_teacher.f64", teacher.Velocity(z, batch.T, batch.Y), relative: precision.Output);
    }

    private static void CheckCase(
        ReferenceManifest manifest, string name, JsonElement json, MeanFlowBatch batch, ReferenceNetwork student, ReferenceNetwork teacher,
        LossPrecision precision)
    {
        var weighting = new ReleasedLossWeightOptions(json.GetProperty("p").GetDouble());
        var options = new LambdaMeanFlowOptions(
            Lambda(json), student.Network.Options, new UniformTimeOptions(),
            new CentralDifferenceOptions(json.GetProperty("delta").GetDouble(), ClampEnds: false), weighting, new TrainingOptions(1),
            LabelDropout: 0);
        var objective = new MeanFlowObjective(options, student.Network, teacher.Velocity, new GivenLatents(student.Network));

        student.Weights.Gradient!.zero_();
        var loss = objective.Evaluate(student.Weights, batch, 0).Loss;
        loss.backward();
        CheckGradients(manifest, name, json, student.Weights, precision);

        using var quiet = no_grad();
        var regression = objective.Regress(student.Weights, batch, 0);
        var error = LossWeight.Error(weighting, regression.Difference);
        var divisor = LossWeight.Divisor(weighting, error);
        manifest.Compare(name + ".pred.f64", regression.Output, relative: precision.Output);
        manifest.Compare(name + ".u_target.f64", regression.Target, relative: precision.Target);
        manifest.Compare(
            name + ".loss_mid.f64", LossWeight.Error(new AdaptiveSumLossWeightOptions(), regression.Difference), relative: precision.Error);
        manifest.Compare(name + ".weights.f64", 1 / divisor, relative: precision.Weight);
        CheckLoss(manifest, name, json, error / divisor, regression.Difference.square().mean(), precision);
        loss.to(float64).item<double>().Should().BeApproximately((error / divisor).mean().to(float64).item<double>(), precision.Error, name);
    }

    private static void CheckCmt(ReferenceManifest manifest, ReferenceNetwork student, ReferenceNetwork teacher, LossPrecision precision)
    {
        var json = manifest.Json.GetProperty("cmt");
        var options = new TrajectoryCmtOptions(
            new TrainingOptions(1), json.GetProperty("num_points").GetInt32(), Labels: "uniform", GridEnd: OdeCheck.ReleasedEnd);
        var times = TrajectoryTimes.Of(options, new TimeShift(json.GetProperty("time_dist_shift").GetDouble()));
        manifest.Compare("cmt.solver_grid", tensor(times.Grid.ToArray()), OdeCheck.GridTolerance);
        manifest.Compare("cmt.label_grid", tensor(times.Labels.Reverse().ToArray()), 1e-12);

        var points = manifest["cmt.traj"].to(precision.Type);
        var (start, end, rows) = Pairs(manifest["cmt.indices"].data<long>().ToArray(), points.shape[0], points.shape[1]);
        start.shape[0].Should().Be(json.GetProperty("num_samples").GetInt64());
        var pairs = TrajectoryPairs.Of(points, manifest["y"], times.Labels, start, end, rows);
        manifest.Compare("cmt.x_src.f64", pairs.Z, relative: precision.Output);
        manifest.Compare("cmt.r.f64", pairs.R, precision.Output);
        manifest.Compare("cmt.t.f64", pairs.T, precision.Output);
        manifest.Compare("cmt.y", pairs.Y);

        student.Weights.Gradient!.zero_();
        var objective = new CmtObjective(options, student.Network, teacher.Velocity, new GivenLatents(student.Network));
        objective.Evaluate(student.Weights, pairs).Loss.backward();
        CheckGradients(manifest, "cmt", json, student.Weights, precision with { Gradient = precision.CmtGradient });
        using var quiet = no_grad();
        var regression = objective.Regress(student.Weights, pairs);
        manifest.Compare("cmt.pred.f64", regression.Output, relative: precision.Output);
        var loss = LossWeight.Error(new PlainLossWeightOptions(), regression.Difference);
        CheckLoss(manifest, "cmt", json, loss, regression.Difference.square().mean(), precision);
    }

    /// <summary>
    /// For i = 1 … K - 1, for j = 0 … i - 1, for every trajectory: the points i and j counted from data, where ours are counted
    /// from noise.
    /// </summary>
    private static (Tensor Start, Tensor End, Tensor Rows) Pairs(long[] indices, long points, long trajectories)
    {
        var order = new List<(long Start, long End)>();
        for (var i = 1; i < points; i++)
        {
            for (var j = 0; j < i; j++)
                order.Add((points - 1 - i, points - 1 - j));
        }
        var chosen = indices.Select(index => order[(int)(index / trajectories)]).ToList();
        return (tensor(chosen.Select(pair => pair.Start).ToArray()), tensor(chosen.Select(pair => pair.End).ToArray()),
            tensor(indices.Select(index => index % trajectories).ToArray()));
    }

    private static void CheckLoss(
        ReferenceManifest manifest, string name, JsonElement json, Tensor loss, Tensor mean, LossPrecision precision)
    {
        foreach (var suffix in precision.Type == float32 ? new[] { ".f32", ".f64" } : [".f64"])
        {
            if (manifest.Has(name + ".loss" + suffix))
                manifest.Compare(name + ".loss" + suffix, loss, relative: precision.Error);
            if (manifest.Has(name + ".loss_ref" + suffix))
                manifest.Compare(name + ".loss_ref" + suffix, mean, relative: precision.Error);
        }
        var listed = json.GetProperty("loss_f64").EnumerateArray().Select(value => value.GetDouble()).ToArray();
        (loss.to(float64) - tensor(listed)).abs().max().item<double>().Should().BeLessThan(precision.Error * listed.Max(), name);
        if (json.TryGetProperty("loss_ref_f64", out var reference))
            mean.to(float64).item<double>().Should().BeApproximately(reference.GetDouble(), precision.Error * reference.GetDouble(), name);
    }

    private static void CheckGradients(
        ReferenceManifest manifest, string name, JsonElement json, Weights weights, LossPrecision precision)
    {
        var prefix = name + ".grad.";
        foreach (var listed in manifest.Listed.Where(listed => listed.StartsWith(prefix, StringComparison.Ordinal)))
            manifest.Compare(listed, weights[listed[prefix.Length..listed.LastIndexOf('.')]].grad!, relative: precision.Gradient);
        foreach (var norm in json.GetProperty("grad_norms_f64").EnumerateObject())
        {
            var expected = norm.Value.GetDouble();
            weights[norm.Name].grad!.norm().to(float64).item<double>().Should().BeApproximately(
                expected, precision.Gradient * expected, "{0} of {1}", norm.Name, name);
        }
    }

    // weighting.pP.WHAT.f64, each a function of the summed error.
    private static void CheckWeighting(ReferenceManifest manifest)
    {
        const string weights = ".weights.f64";
        foreach (var name in manifest.Listed.Where(name => name.StartsWith("weighting.p", StringComparison.Ordinal)
            && name.EndsWith(weights, StringComparison.Ordinal)))
        {
            var prefix = name[..^weights.Length];
            var options = new ReleasedLossWeightOptions(double.Parse(prefix["weighting.p".Length..], CultureInfo.InvariantCulture));
            var sum = manifest["weighting.loss_mid.f64"].clone().requires_grad_();
            var error = sum.square();
            var divisor = LossWeight.Divisor(options, error);
            (error / divisor).sum().backward();
            Each(manifest, name, 1 / divisor);
            Each(manifest, prefix + ".loss.f64", error / divisor);
            Each(manifest, prefix + ".dloss_dlossmid.f64", sum.grad!);
        }
    }

    // The values span many orders of magnitude: each is held to its own size.
    private static void Each(ReferenceManifest manifest, string name, Tensor value) =>
        manifest[name].data<double>().ToArray().Zip(value.detach().data<double>().ToArray())
            .Should().OnlyContain(pair => Math.Abs(pair.First - pair.Second) <= WeightingDouble * Math.Abs(pair.First), name);

    // The manifest's λ is the weight of the one-point velocity, ours that of the teacher. Without a λ, the name of the case states it.
    private static double Lambda(JsonElement json) => json.GetProperty("lambda").ValueKind == JsonValueKind.Number
        ? 1 - json.GetProperty("lambda").GetDouble()
        : json.GetProperty("kind").GetString() switch
        {
            "mft" => 0,
            "mfd" => 1,
            var other => throw new NotSupportedException($"there is no case of kind {other}"),
        };
}
