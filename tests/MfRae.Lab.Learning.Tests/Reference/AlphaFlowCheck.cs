using System.Text.Json;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Reference;

/// <summary>α-Flow: targets, weights and gradients at several α, with clamps, guidance and dropped labels, and the schedules of α.</summary>
internal sealed class AlphaFlowCheck : IReferenceCheck
{
    private const double ScheduleTolerance = 1e-12;

    // The public code has the numerator α of the weights in float32.
    private static readonly (double Single, double Double) Weight = (1e-4, 3e-8);

    public string Kind => "alphaflow_loss";

    public void Run(ReferenceManifest manifest)
    {
        foreach (var schedule in manifest.Json.GetProperty("schedules").EnumerateObject())
            CheckSchedule(manifest, "schedule." + schedule.Name, schedule.Value);
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
                    CheckCase(vectors, state.Name, entry.Name, entry.Value, student);
                }
            }
        }
    }

    private static void CheckSchedule(ReferenceManifest manifest, string name, JsonElement json)
    {
        double? Number(string option) => json.TryGetProperty(option, out var value) ? value.GetDouble() : null;
        var (begin, finish) = ((int)Number("change_init_steps")!, (int)Number("change_end_steps")!);
        var options = new AlphaScheduleOptions(
            json.GetProperty("scheduler").GetString()!, Number("initial_value")!.Value, Number("end_value")!.Value, begin, finish,
            Number("gamma") ?? 1, Number("clamp_value")!.Value,
            json.TryGetProperty("discrete_training", out var discrete) && discrete.GetBoolean());
        var schedule = new AlphaSchedule(options, finish);
        manifest.Compare(
            name + ".alpha.f64", tensor(manifest[name + ".steps"].data<long>().Select(schedule.At).ToArray()), ScheduleTolerance);
    }

    private static void CheckCase(FamilyVectors vectors, string net, string name, JsonElement json, ReferenceNetwork student)
    {
        var (alpha, eps) = (json.GetProperty("alpha").GetDouble(), json.GetProperty("eps").GetDouble());
        var (omega, kappa) = (json.GetProperty("omega").GetDouble(), json.GetProperty("kappa").GetDouble());
        var (low, high) = FamilyVectors.Interval(json.GetProperty("interval"));
        var weight = new AdaptiveLossWeightOptions(1, eps);
        var options = new AlphaFlowOptions(
            student.Network.Options, new UniformTimeOptions(), new JvpOptions(), weight, new TrainingOptions(1),
            new AlphaScheduleOptions("step", alpha, alpha, Clamp: 0), Clamp: json.GetProperty("clamp").GetDouble(), LabelDropout: 0,
            SelfGuidance: omega == 1 && kappa == 0 ? null : new(omega, kappa, low, high, SelfGuidanceOptions.Guided));
        var objective = new MeanFlowObjective(options, student.Network, null, new GivenLatents(student.Network));
        var batch = Batch(vectors, net, json.GetProperty("label_dropout").GetBoolean(), low, high, student.Network.Classes);
        FamilyVectors.Backward(objective, student, batch);
        vectors.CompareGradients(name + ".grad", student.Weights);

        using var quiet = no_grad();
        var regression = objective.Regress(student.Weights, batch, 0);
        var mean = FamilyVectors.Mean(regression);
        var factor = (regression.Weight ?? ones_like(mean)) / LossWeight.Divisor(weight, mean);
        vectors.Compare(name + ".u_target", regression.Target, FamilyVectors.Target);
        vectors.Compare(name + ".mean_sq", mean, FamilyVectors.Error);
        vectors.Compare(name + ".weights", factor, Weight);
        vectors.Compare(name + ".loss", factor * mean, Weight);
        objective.Evaluate(student.Weights, batch, 0).Loss.to(float64).item<double>().Should().BeApproximately(
            (factor * mean).mean().to(float64).item<double>(), 1e-6, name);
        CheckParts(vectors, net, name, alpha, options, batch, student, regression);
    }

    private static MeanFlowBatch Batch(FamilyVectors vectors, string net, bool drops, double low, double high, long nullLabel)
    {
        Tensor Of(string name) => vectors.Input($"{net}.{name}");
        var (t, y) = (Of("t"), Of("y"));
        // The public code drops labels within the guidance interval only.
        var dropped = (Of("drop") != 0).logical_and(t > low).logical_and(t < high);
        return new(Of("x1"), Of("noise"), Of("r"), t, y, drops ? where(dropped, full_like(y, nullLabel), y) : y);
    }

    private static void CheckParts(
        FamilyVectors vectors, string net, string name, double alpha, AlphaFlowOptions options, MeanFlowBatch batch,
        ReferenceNetwork student, Regression regression)
    {
        var z = LinearPath.At(batch.X, batch.Noise, batch.T);
        var samples = new MeanFlowSamples(z, LinearPath.Velocity(batch.X, batch.Noise), batch.R, batch.T, batch.Labels, batch.Y);
        var w = new VelocityMix(options, null, student.Network.Classes).At(student.Labelled, samples, false).Mix(0);
        vectors.CompareIfStored(name + ".v_guided", () => w, FamilyVectors.Target);
        vectors.CompareIfStored(net + ".z", () => z, FamilyVectors.Output);
        if (!name.EndsWith(".drop", StringComparison.Ordinal))
            vectors.CompareIfStored(net + ".u", () => regression.Output, FamilyVectors.Output);
        var length = alpha * (batch.T - batch.R);
        var s = batch.T - length;
        var later = z - (LinearPath.BroadcastOverLatent(length) * w);
        vectors.CompareIfStored(name + ".s", () => s, FamilyVectors.Output);
        vectors.CompareIfStored(name + ".z_s", () => later, FamilyVectors.Output);
        vectors.CompareIfStored(name + ".u_next", () => student.AverageVelocity(later, batch.R, s, batch.Y), FamilyVectors.Output);
        vectors.CompareIfStored(
            name + ".trajectory_FM", () => (regression.Output - w).square().mean([1, 2, 3]), FamilyVectors.Error);
        vectors.CompareIfStored(
            name + ".trajectory_consistency", () => (2 * (w - regression.Target) * regression.Output).mean([1, 2, 3]), FamilyVectors.Error);
    }
}
