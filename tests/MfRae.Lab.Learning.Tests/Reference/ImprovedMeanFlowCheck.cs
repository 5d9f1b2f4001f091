using System.Text.Json;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Reference;

/// <summary>
/// Improved MeanFlow with the network's own velocity u(z, t, t) as tangent, without and with guidance, by both networks of the lab.
/// </summary>
internal sealed class ImprovedMeanFlowCheck : IReferenceCheck
{
    public string Kind => "imf_loss";

    public void Run(ReferenceManifest manifest)
    {
        foreach (var type in new[] { ScalarType.Float32, ScalarType.Float64 })
        {
            var vectors = new FamilyVectors(manifest, type);
            foreach (var state in manifest.Json.GetProperty("other_states").EnumerateObject())
            {
                using var scope = NewDisposeScope();
                var student = vectors.Network(state.Value.GetString()!, interval: true);
                student.Weights.Train();
                Tensor Of(string name) => vectors.Input($"{state.Name}.{name}");
                var batch = new MeanFlowBatch(Of("x1"), Of("noise"), Of("r"), Of("t"), Of("y"), Of("y"));
                foreach (var entry in manifest.Json.GetProperty("cases").EnumerateObject()
                    .Where(entry => entry.Value.TryGetProperty("net", out var net) && net.GetString() == state.Name))
                {
                    CheckCase(vectors, entry.Name, entry.Value, batch, student);
                }
            }
        }
    }

    private static void CheckCase(FamilyVectors vectors, string name, JsonElement json, MeanFlowBatch batch, ReferenceNetwork student)
    {
        double Number(string entry) => json.GetProperty(entry).GetDouble();
        var (low, high) = FamilyVectors.Interval(json.GetProperty("interval"));
        var weight = new AdaptiveSumLossWeightOptions(Number("p"), Number("eps"));
        var options = FamilyVectors.Lambda(student.Network, 0, new JvpOptions(), weight) with
        {
            Tangent = LambdaMeanFlowOptions.NetworkTangent,
            SelfGuidance = new(1, 1 - (1 / Number("omega")), low, high),
        };
        var objective = new MeanFlowObjective(options, student.Network, null, new GivenLatents(student.Network));
        FamilyVectors.Backward(objective, student, batch);
        vectors.CompareGradients(name + ".grad", student.Weights);

        using var quiet = no_grad();
        var regression = objective.Regress(student.Weights, batch, 0);
        vectors.Compare(name + ".u", regression.Output, FamilyVectors.Output);
        vectors.Compare(name + ".u_target", regression.Target, FamilyVectors.Target);
        vectors.Compare(name + ".sum_sq", FamilyVectors.Sum(regression), FamilyVectors.Error);
        vectors.Compare(name + ".loss", LossWeight.Weighted(weight, FamilyVectors.Sum(regression)), FamilyVectors.Error);

        var z = LinearPath.At(batch.X, batch.Noise, batch.T);
        var samples = new MeanFlowSamples(z, LinearPath.Velocity(batch.X, batch.Noise), batch.R, batch.T, batch.Labels, batch.Y);
        var w = new VelocityMix(options, null, student.Network.Classes).At(student.Labelled, samples, false).Mix(0);
        var tangent = student.AverageVelocity(z, batch.T, batch.T, batch.Y);
        var derivative = student.Derivative(z, tangent, batch.R, batch.T, batch.Y);
        vectors.Compare(name + ".target", w, FamilyVectors.Target);
        vectors.Compare(name + ".tangent", tangent, FamilyVectors.Output);
        vectors.Compare(name + ".dudt", derivative, FamilyVectors.Target);
        vectors.Compare(
            name + ".V", regression.Output + (LinearPath.BroadcastOverLatent(batch.T - batch.R) * derivative), FamilyVectors.Target);
    }
}
