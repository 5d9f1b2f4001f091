using System.Text.Json;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Reference;

/// <summary>SplitMeanFlow with random and fixed intervals and its boundary, and Shortcut as published and in the lab's times.</summary>
internal sealed class SplitCheck : IReferenceCheck
{
    // The published Shortcut code clips to ± 4 and leaves 1e-5 of the noise at the end of the path.
    private const double PublishedClip = 4;
    private const double NoiseLeft = 1e-5;

    // Where the error is zero, rounding of the outputs remains in it.
    private const double ZeroGradient = 1e-6;

    private static readonly (double Single, double Double) Error = (1e-5, 1e-9);

    // Errors of published targets differ by up to 1.5e-9 of the largest in float64: parts of that code are not in float64.
    private static readonly (double Single, double Double) PublishedError = (1e-5, 1e-8);

    public string Kind => "split_loss";

    public void Run(ReferenceManifest manifest)
    {
        foreach (var type in new[] { ScalarType.Float32, ScalarType.Float64 })
        {
            var vectors = new FamilyVectors(manifest, type);
            foreach (var state in manifest.Json.GetProperty("states").EnumerateObject())
            {
                using var scope = NewDisposeScope();
                var student = vectors.Network(state.Value.GetString()!, interval: true);
                student.Weights.Train();
                foreach (var entry in manifest.Json.GetProperty("cases").EnumerateObject()
                    .Where(entry => entry.Value.GetProperty("net").GetString() == state.Name))
                {
                    if (entry.Value.TryGetProperty("denoise_timesteps", out _))
                        CheckPublished(manifest, vectors, state.Name, entry.Name, entry.Value, student);
                    else if (entry.Value.TryGetProperty("branch", out _))
                        CheckSplit(manifest, vectors, state.Name, entry.Name, entry.Value, student);
                    else
                        CheckHalves(vectors, state.Name, entry.Name, student);
                }
            }
        }
    }

    private static void CheckSplit(
        ReferenceManifest manifest, FamilyVectors vectors, string net, string name, JsonElement json, ReferenceNetwork student)
    {
        Tensor Of(string tensor) => vectors.Input($"{net}.{tensor}");
        var boundary = json.GetProperty("branch").GetString() == "boundary";
        var interval = json.GetProperty("interval");
        var times = Of("u_times");
        var share = Of("lambda");
        var (r, t) = boundary ? (Of("t_boundary"), Of("t_boundary"))
            : interval.ValueKind == JsonValueKind.Array
                ? (full_like(share, interval[0].GetDouble()), full_like(share, interval[1].GetDouble()))
                : (times.amin([1]), times.amax([1]));
        manifest.Compare(name + ".r.f64", r, 1e-7);
        manifest.Compare(name + ".t.f64", t, 1e-7);
        var s = lerp(t, r, share);
        var guidance = json.GetProperty("teacher_guidance").GetDouble();
        var options = Options(student.Network, guidance > 0 ? new(guidance) : null);
        // The teacher of the vectors is the network itself.
        VelocityField teacher = (z, time, y) => student.Velocity(z, time, y);
        var objective = new MeanFlowObjective(options, student.Network, teacher, new GivenLatents(student.Network));
        var batch = new MeanFlowBatch(Of("x1"), Of("noise"), r, t, Of("y"), Of("y"), Split: new(s, r < t, null));
        Compare(vectors, name, objective, batch, student);
        CheckParts(vectors, name, batch, s, student);
    }

    private static void CheckParts(FamilyVectors vectors, string name, MeanFlowBatch batch, Tensor s, ReferenceNetwork student)
    {
        using var quiet = no_grad();
        var z = LinearPath.At(batch.X, batch.Noise, batch.T);
        var u2 = student.AverageVelocity(z, s, batch.T, batch.Y);
        var between = z - (LinearPath.BroadcastOverLatent(batch.T - s) * u2);
        vectors.CompareIfStored(name + ".s", () => s, FamilyVectors.Output);
        vectors.CompareIfStored(name + ".z", () => z, FamilyVectors.Output);
        vectors.CompareIfStored(name + ".u", () => student.AverageVelocity(z, batch.R, batch.T, batch.Y), FamilyVectors.Output);
        vectors.CompareIfStored(name + ".u2", () => u2, FamilyVectors.Output);
        vectors.CompareIfStored(name + ".z_s", () => between, FamilyVectors.Output);
        vectors.CompareIfStored(name + ".u1", () => student.AverageVelocity(between, batch.R, s, batch.Y), FamilyVectors.Output);
    }

    // The rule in the lab's times: intervals of the split case, halved.
    private static void CheckHalves(FamilyVectors vectors, string net, string name, ReferenceNetwork student)
    {
        Tensor Of(string tensor) => vectors.Input($"{net}.{tensor}");
        var times = Of("u_times");
        var (r, t) = (times.amin([1]), times.amax([1]));
        var objective = new MeanFlowObjective(
            Shortcut(student.Network, 2, 0, 1), student.Network, null, new GivenLatents(student.Network));
        Compare(vectors, name, objective,
            new(Of("x1"), Of("noise"), r, t, Of("y"), Of("y"), Split: new((r + t) / 2, r < t, null)), student);
    }

    // Time runs from noise to data there, and the network is -u. The first rows are bootstrap rows; flow rows reuse their data and noise.
    private static void CheckPublished(
        ReferenceManifest manifest, FamilyVectors vectors, string net, string name, JsonElement json, ReferenceNetwork student)
    {
        int Count(string entry) => json.GetProperty(entry).GetInt32();
        var (size, bootstraps, grid, guided) = (Count("batch"), Count("bootstrap_rows"), Count("denoise_timesteps"), Count("guided_rows"));
        Tensor Of(string tensor) => vectors.Input($"{net}.shortcut.{tensor}");
        Tensor Rows(Tensor all) => cat([all.narrow(0, 0, bootstraps), all.narrow(0, 0, size - bootstraps)]);
        var level = manifest[name + ".dt_base"];
        var length = (-level.to(float64)).exp2();
        var starts = cat([
            Of("t_int_bootstrap").to(float64) * length.narrow(0, 0, bootstraps),
            Of("t_int_flow").to(float64).narrow(0, 0, size - bootstraps) / grid,
        ]);
        manifest.Compare(name + ".t.f64", starts, 1e-12);
        var (t, r) = ((1 - starts).to(vectors.Type), (1 - starts - length).to(vectors.Type));
        var labels = cat([
            Of("labels").narrow(0, 0, bootstraps),
            where(Of("dropped") != 0, full_like(Of("labels"), student.Network.Classes), Of("labels")).narrow(0, 0, size - bootstraps),
        ]);
        manifest.Compare(name + ".labels", labels);

        var row = arange(size);
        var noise = Rows(Of("noise"));
        var data = Rows(Of("data")) + (NoiseLeft * noise);
        var batch = new MeanFlowBatch(data, noise, r, t, labels, labels, Split: new((r + t) / 2, row < bootstraps, row < guided));
        vectors.Compare(name + ".x_t", LinearPath.At(data, noise, t), FamilyVectors.Output);
        var scale = json.GetProperty("cfg_scale") is { ValueKind: JsonValueKind.Number } number ? number.GetDouble() : 1;
        var objective = new MeanFlowObjective(
            Shortcut(student.Network, grid, PublishedClip, scale), student.Network, null, new GivenLatents(student.Network));
        Compare(vectors, name, objective, batch, student, sign: -1);
    }

    private static void Compare(
        FamilyVectors vectors, string name, MeanFlowObjective objective, MeanFlowBatch batch, ReferenceNetwork student, int sign = 1)
    {
        FamilyVectors.Backward(objective, student, batch);
        vectors.CompareGradients(name + ".grad", student.Weights, vectors.IsDouble ? 1e-12 : ZeroGradient);
        using var quiet = no_grad();
        var regression = objective.Regress(student.Weights, batch, 0);
        var mean = FamilyVectors.Mean(regression);
        var zero = vectors.IsDouble ? 1e-24 : 1e-12;
        vectors.Compare($"{name}.{(sign < 0 ? "target" : "u_target")}", sign * regression.Target, FamilyVectors.Target);
        vectors.Compare(name + ".mean_sq", mean, sign < 0 ? PublishedError : Error, zero);
        if (sign > 0 && !name.Contains("shortcut", StringComparison.Ordinal))
            vectors.Compare(name + ".loss", mean.mean(), Error, zero);
    }

    private static SplitMeanFlowOptions Options(GeneratorNetwork network, GuidanceOptions? guidance) => new(
        network.Options, new UniformTimeOptions(), new PlainLossWeightOptions(), new TrainingOptions(1), Lambda: 1, LabelDropout: 0,
        Guidance: guidance);

    private static ShortcutOptions Shortcut(GeneratorNetwork network, int grid, double clip, double scale) => new(
        network.Options, new UniformTimeOptions(), new PlainLossWeightOptions(), new TrainingOptions(1), grid, clip, "grid", scale,
        LabelDropout: 0);
}
