using System.Text.Json;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Reference;

/// <summary>λ-mixtures with a guided teacher: two definitions, corners of target and tangent, difference and exact derivative.</summary>
internal sealed class LambdaGuidedCheck : IReferenceCheck
{
    private const double ExactOffset = 0.01;

    public string Kind => "lambda_guided";

    public void Run(ReferenceManifest manifest)
    {
        var states = manifest.Json.GetProperty("states");
        foreach (var type in new[] { ScalarType.Float32, ScalarType.Float64 })
        {
            using var scope = NewDisposeScope();
            var vectors = new FamilyVectors(manifest, type);
            var student = vectors.Network(states.GetProperty("student").GetString()!, interval: true);
            var teacher = vectors.Network(states.GetProperty("teacher").GetString()!, interval: false);
            student.Weights.Train();
            var batch = new MeanFlowBatch(
                vectors.Input("x1"), vectors.Input("noise"), vectors.Input("r"), vectors.Input("t"), vectors.Input("y"), vectors.Input("y"));
            var json = manifest.Json.GetProperty("guidance");
            var (low, high) = FamilyVectors.Interval(json.GetProperty("interval"));
            var guidance = new GuidanceOptions(json.GetProperty("scale").GetDouble(), low, high);
            CheckTeacher(vectors, batch, guidance, teacher, json.GetProperty("null_label").GetInt64());
            foreach (var entry in manifest.Json.GetProperty("cases").EnumerateObject())
                CheckCase(manifest, vectors, entry.Name, entry.Value, batch, guidance, student, teacher);
        }
    }

    private static void CheckTeacher(
        FamilyVectors vectors, MeanFlowBatch batch, GuidanceOptions guidance, ReferenceNetwork teacher, long nullLabel)
    {
        using var quiet = no_grad();
        teacher.Network.Classes.Should().Be((int)nullLabel);
        var z = LinearPath.At(batch.X, batch.Noise, batch.T);
        var guided = Guidance.Evaluate(guidance, teacher.Velocity, nullLabel, z, batch.T, batch.Y);
        vectors.Compare("z", z, FamilyVectors.Output);
        vectors.Compare("v_cond", guided.Labelled, FamilyVectors.Output);
        vectors.Compare("v_null", guided.Free, FamilyVectors.Output);
        vectors.Compare("v_guided", guided.Velocity, FamilyVectors.Output);
    }

    private static void CheckCase(
        ReferenceManifest manifest, FamilyVectors vectors, string name, JsonElement json, MeanFlowBatch batch, GuidanceOptions guidance,
        ReferenceNetwork student, ReferenceNetwork teacher)
    {
        var both = json.GetProperty("kind").GetString() == "both";
        var (lambda, tangent) = (json.GetProperty("lambda").GetDouble(), json.GetProperty("tangentLambda").GetDouble());
        LambdaMeanFlowOptions Options(DerivativeOptions derivative, LossWeightOptions weight) =>
            FamilyVectors.Lambda(student.Network, lambda, derivative, weight) with
            {
                TangentLambda = tangent,
                Guidance = guidance,
                MixedGuidance = both ? LambdaMeanFlowOptions.GuideBoth : "teacher",
            };

        var delta = manifest.Json.GetProperty("delta").GetDouble();
        var released = new ReleasedLossWeightOptions();
        var exact = new AdaptiveSumLossWeightOptions(1, ExactOffset);
        var byDifference = Options(new CentralDifferenceOptions(delta, ClampEnds: false), released);
        var byJvp = Options(new JvpOptions(), exact);
        CheckMixture(vectors, name, byJvp, batch, student, teacher);

        var difference = Regress(byDifference, ".grad");
        vectors.CompareIfStored(name + ".u_target_fd", () => difference.Target, FamilyVectors.Difference);
        vectors.CompareIfStored(name + ".sum_sq_fd", () => FamilyVectors.Sum(difference), FamilyVectors.Error);
        vectors.CompareIfStored(
            name + ".loss", () => LossWeight.Weighted(released, LossWeight.Error(released, difference.Difference)), FamilyVectors.Error);
        vectors.CompareIfStored(name + ".loss_ref", () => difference.Difference.square().mean(), FamilyVectors.Error);

        var jvp = Regress(byJvp, ".grad_jvp_c01");
        vectors.Compare(name + ".u_target_jvp", jvp.Target, FamilyVectors.Target);
        vectors.Compare(name + ".sum_sq_jvp", FamilyVectors.Sum(jvp), FamilyVectors.Error);
        vectors.CompareIfStored(
            name + ".loss_jvp_c01", () => LossWeight.Weighted(exact, FamilyVectors.Sum(jvp)), FamilyVectors.Error);

        Regression Regress(LambdaMeanFlowOptions options, string gradients)
        {
            var objective = new MeanFlowObjective(options, student.Network, teacher.Velocity, new GivenLatents(student.Network));
            FamilyVectors.Backward(objective, student, batch);
            vectors.CompareGradients(name + gradients, student.Weights);
            using var quiet = no_grad();
            return objective.Regress(student.Weights, batch, 0);
        }
    }

    private static void CheckMixture(
        FamilyVectors vectors, string name, LambdaMeanFlowOptions options, MeanFlowBatch batch, ReferenceNetwork student, ReferenceNetwork teacher)
    {
        using var quiet = no_grad();
        var z = LinearPath.At(batch.X, batch.Noise, batch.T);
        var samples = new MeanFlowSamples(z, LinearPath.Velocity(batch.X, batch.Noise), batch.R, batch.T, batch.Labels, batch.Y);
        var mix = new VelocityMix(options, teacher.Velocity, teacher.Network.Classes).At(student.Labelled, samples, true);
        vectors.CompareIfStored(name + ".w", () => mix.Mix(options.Lambda), FamilyVectors.Output);
    }
}
