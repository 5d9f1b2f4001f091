using System.Text.Json;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Derivatives;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Reference;

/// <summary>
/// The losses `mf.…` of the plain DiT's manifest: MeanFlow without and with its guidance inside training, with dropped labels, under the weight of
/// one repository and, as `official_…`, of another.
/// </summary>
internal sealed class PlainDitLosses(ReferenceManifest manifest, ReferenceNetwork student)
{
    private static readonly AdaptiveSumLossWeightOptions Official = new(1, 0.01);

    private readonly FamilyVectors _vectors = new(manifest, student.Weights.Type);

    public void Compare()
    {
        student.Weights.Train();
        var (r, t) = (_vectors.Input("loss.r"), _vectors.Input("loss.t"));
        var (x, noise) = (_vectors.Input("loss.x1"), _vectors.Input("loss.noise"));
        var (labels, drop) = (manifest["loss.y"], manifest["loss.drop"]);
        _vectors.Compare("loss.z_t", LinearPath.At(x, noise, t), FamilyVectors.Output);
        foreach (var entry in manifest.Json.GetProperty("cases").EnumerateObject())
        {
            var y = entry.Value.GetProperty("label_dropout").GetBoolean()
                ? where(drop != 0, full_like(labels, student.Network.Classes), labels)
                : labels;
            CompareCase(entry.Name, entry.Value, new(x, noise, r, t, labels, y));
        }
    }

    private void CompareCase(string name, JsonElement json, MeanFlowBatch batch)
    {
        double Number(string entry) => json.GetProperty(entry).GetDouble();
        var (low, high) = FamilyVectors.Interval(json.GetProperty("interval"));
        // The summed error without weight is a power of 0.
        LossWeightOptions weight = json.GetProperty("weighting").GetString() == "adaptive"
            ? new ReleasedLossWeightOptions(Number("p"))
            : new AdaptiveSumLossWeightOptions(0);
        var options = FamilyVectors.Lambda(student.Network, 0, new JvpOptions(), weight) with
        {
            SelfGuidance = new(Number("omega"), Number("kappa"), low, high),
        };
        var regression = Regress(name + ".grad", options, batch);
        Regress(name + ".official_grad", options with { LossWeight = Official }, batch);

        using var quiet = no_grad();
        _vectors.Compare(name + ".u_target", regression.Target, FamilyVectors.Target);
        _vectors.Compare(name + ".sum_sq", FamilyVectors.Sum(regression), FamilyVectors.Error);
        _vectors.Compare(
            name + ".loss", LossWeight.Weighted(weight, LossWeight.Error(weight, regression.Difference)), FamilyVectors.Error);
        _vectors.Compare(name + ".loss_ref", regression.Difference.square().mean(), FamilyVectors.Error);
        _vectors.Compare(
            name + ".official_loss", LossWeight.Weighted(Official, FamilyVectors.Sum(regression)), FamilyVectors.Error);
        _vectors.CompareIfStored(name + ".u", () => regression.Output, FamilyVectors.Output);

        var z = LinearPath.At(batch.X, batch.Noise, batch.T);
        var samples = new MeanFlowSamples(z, LinearPath.Velocity(batch.X, batch.Noise), batch.R, batch.T, batch.Labels, batch.Y);
        var w = new VelocityMix(options, null, student.Network.Classes).At(student.Labelled, samples, false).Mix(0);
        _vectors.CompareIfStored(name + ".v_guided", () => w, FamilyVectors.Target);
        _vectors.CompareIfStored(name + ".dudt", () => student.Derivative(z, w, batch.R, batch.T, batch.Y), FamilyVectors.Target);
    }

    private Regression Regress(string gradients, LambdaMeanFlowOptions options, MeanFlowBatch batch)
    {
        var objective = new MeanFlowObjective(options, student.Network, null, new GivenLatents(student.Network));
        FamilyVectors.Backward(objective, student, batch);
        _vectors.CompareGradients(gradients, student.Weights);
        using var quiet = no_grad();
        return objective.Regress(student.Weights, batch, 0);
    }
}
