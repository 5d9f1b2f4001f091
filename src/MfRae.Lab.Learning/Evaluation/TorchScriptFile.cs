using System.Globalization;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>A TorchScript network as a feature stage leaves it: a description without tensors, and the script beside it.</summary>
internal static class TorchScriptFile
{
    private const string ScriptEntry = "script";
    private const string SizeEntry = "size";
    private const string MeanEntry = "mean";
    private const string DeviationEntry = "deviation";
    private const string Script = "features.pt";

    /// <exception cref="LabException">The source is no TorchScript.</exception>
    public static void Import(string source, TorchScriptInput input, string path)
    {
        TorchScriptFeatures.Load(source, input, CPU).Dispose();
        File.Copy(source, Path.Combine(Path.GetDirectoryName(path)!, Script), overwrite: true);
        Safetensors.Write(path, [("none", zeros(0))], new Dictionary<string, string>
        {
            ["type"] = NetworkMetadata.TorchScriptType,
            [ScriptEntry] = Script,
            [SizeEntry] = input.Size.ToString(CultureInfo.InvariantCulture),
            [MeanEntry] = Row(input.Mean),
            [DeviationEntry] = Row(input.Deviation),
        });
    }

    public static TorchScriptFeatures Load(TensorFile file, Device device)
    {
        var script = file.Meta(ScriptEntry);
        // The name comes out of a file: it must not lead out of its folder.
        if (script != Script)
            throw new LabException($"{file.Path} names the script '{script}', not {Script}: was the file written by this lab?");
        var input = new TorchScriptInput((int)Numbers(file, SizeEntry)[0], Numbers(file, MeanEntry), Numbers(file, DeviationEntry));
        return TorchScriptFeatures.Load(Path.Combine(Path.GetDirectoryName(file.Path)!, script), input, device);
    }

    private static string Row(IReadOnlyList<double> values) =>
        string.Join(' ', values.Select(value => value.ToString("R", CultureInfo.InvariantCulture)));

    private static double[] Numbers(TensorFile file, string key)
    {
        var parts = file.Meta(key).Split(' ');
        return parts.All(part => double.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out _))
            ? [.. parts.Select(part => double.Parse(part, CultureInfo.InvariantCulture))]
            : throw new LabException($"{file.Path} gives '{file.Meta(key)}' for {key}, not numbers");
    }
}
