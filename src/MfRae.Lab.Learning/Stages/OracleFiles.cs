using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Oracle;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>What the stages of an oracle leave where those of images leave data and networks: the options that say everything.</summary>
internal static class OracleFiles
{
    public const string DistributionFile = "distribution.json";
    public const string TeacherFile = "teacher.json";

    public static void Save(StageContext context, DistributionOptions options) => File.WriteAllText(
        context.File(DistributionFile), JsonSerializer.Serialize(options, LabJson.Default.DistributionOptions));

    public static void Save(StageContext context, TeacherBiasOptions options) => File.WriteAllText(
        context.File(TeacherFile), JsonSerializer.Serialize(options, LabJson.Default.TeacherBiasOptions));

    /// <summary>The distribution of the dataset input.</summary>
    public static GaussianMixture Mixture(StageContext context) => Distributions.Create(JsonSerializer.Deserialize(
        File.ReadAllText(Path.Combine(context.Input(StageInput.Dataset), DistributionFile)), LabJson.Default.DistributionOptions)!);

    /// <summary>The hash of a distribution's file in a folder, by which values of one are told from those of another.</summary>
    public static string Identity(string folder) => FileHash.Of(Path.Combine(folder, DistributionFile));

    public static OracleBatches Batches(StageContext context, int batchSize) =>
        new(Mixture(context), batchSize, context.Random(), context.Device());

    /// <summary>The teacher input where it is a closed form; null where it is a network.</summary>
    public static OracleTeacher? Teacher(StageContext context)
    {
        var path = Path.Combine(context.Input(StageInput.Teacher), TeacherFile);
        if (!File.Exists(path))
            return null;
        var bias = JsonSerializer.Deserialize(File.ReadAllText(path), LabJson.Default.TeacherBiasOptions)!;
        return new OracleTeacher(Mixture(context), bias);
    }

    /// <summary>A value with what it is a value of.</summary>
    public static Measurement Identified(OracleValue value, string distribution)
    {
        bool? higherIsBetter = OracleMetric.Stepped.Concat(OracleMetric.Unstepped).Contains(value.Name) ? false : null;
        return new(
            value.Name, value.Value, value.Low, value.High, value.Samples, value.Steps, 1, "oracle", "", "float64", distribution,
            higherIsBetter);
    }
}
