using System.Text.Json;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Profiling;

namespace MfRae.Lab.Cli.Output;

/// <summary>A profile for programs: multiply-adds and bytes, not rounded; one object for each arm.</summary>
public static class ProfileJson
{
    public static string Write(string experiment, IReadOnlyList<ArmProfile> arms) => JsonText.Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("experiment", experiment);
        json.WriteStartObject("conventions");
        json.WriteString("linear", "multiply-adds of layers with weights, per-token modulation included, attention products not: the paper's");
        json.WriteString("total", "linear, and the products of queries with keys and of attention weights with values");
        json.WriteString("backward", "two forward passes");
        json.WriteString("activationBytes", "an estimate");
        json.WriteEndObject();
        json.Objects("arms", arms, arm => Arm(json, arm));
        json.WriteEndObject();
    });

    private static void Arm(Utf8JsonWriter json, ArmProfile arm)
    {
        json.WriteString("arm", arm.Arm);
        Latent(json, arm.Latent);
        json.Objects("components", arm.Components, component =>
        {
            json.WriteString("name", component.Name);
            json.WriteString("network", component.Network);
            json.WriteNumber("parameters", component.Cost.Values);
            json.WriteNumber("trained", component.Cost.Parameters);
            json.WriteNumber("weightBytes", 4 * component.Cost.Values);
            Cost(json, "forward", component.Cost.Forward);
        });
        json.Objects("images", arm.Sampling, sampling =>
        {
            json.WriteString("sampler", sampling.Sampler);
            json.WriteNumber("evaluations", sampling.Cost.Evaluations);
            Cost(json, "evaluation", sampling.Cost.Evaluation);
            Cost(json, "decode", sampling.Cost.Decode);
            Cost(json, "image", sampling.Cost.Image);
        });
        json.Objects("training", arm.Training, training => Training(json, training));
        json.Strings("notes", arm.Notes);
    }

    private static void Latent(Utf8JsonWriter json, LatentProfile? latent)
    {
        if (latent is null)
        {
            json.WriteNull("latent");
            return;
        }

        json.WriteStartObject("latent");
        json.WriteNumber("channels", latent.Shape.Channels);
        json.WriteNumber("rows", latent.Shape.Rows);
        json.WriteNumber("columns", latent.Shape.Columns);
        json.WriteNumber("dimension", latent.Shape.Dimension);
        json.WriteNumber("timeShift", latent.TimeShift);
        json.WriteString("cache", latent.Cache);
        json.WriteNumber("bytesEach", latent.BytesEach);
        Optional(json, "trainingImages", latent.TrainingImages);
        Optional(json, "bytesOfAll", latent.BytesOfAll);
        json.WriteEndObject();
    }

    private static void Training(Utf8JsonWriter json, TrainingProfile training)
    {
        json.WriteString("stage", training.Stage);
        json.WriteNumber("steps", training.Steps);
        json.WriteNumber("batch", training.Batch);
        Cost(json, "step", training.Step);
        json.Objects("work", training.Work, work =>
        {
            json.WriteString("what", work.What);
            Cost(json, "step", work.Step);
        });
        json.WriteNumber("weightBytes", training.WeightBytes);
        json.WriteNumber("gradientBytes", training.GradientBytes);
        json.WriteNumber("optimizerBytes", training.OptimizerBytes);
        json.WriteNumber("averageBytes", training.AverageBytes);
        json.WriteNumber("frozenBytes", training.FrozenBytes);
        json.WriteNumber("activationBytes", Math.Round(training.ActivationBytes));
        json.WriteNumber("totalBytes", Math.Round(training.TotalBytes));
    }

    private static void Cost(Utf8JsonWriter json, string name, Products products)
    {
        json.WriteStartObject(name);
        json.WriteNumber("linear", Math.Round(products.Linear));
        json.WriteNumber("total", Math.Round(products.Total));
        json.WriteEndObject();
    }

    private static void Optional(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } known)
            json.WriteNumber(name, known);
        else
            json.WriteNull(name);
    }
}
