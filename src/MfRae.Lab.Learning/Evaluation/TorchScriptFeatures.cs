using System.Globalization;
using System.Runtime.InteropServices;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>
/// Any network as a TorchScript file: float32 [B, 3, size, size] → features [B, F], or a tuple of features and class scores. The file
/// is a program, although it can only compute with tensors: use files from trusted sources only.
/// </summary>
internal sealed class TorchScriptFeatures : IFeatureNetwork
{
    private readonly jit.ScriptModule _module;
    private readonly TorchScriptInput _input;
    private readonly string _path;
    private readonly Device _device;

    private TorchScriptFeatures(jit.ScriptModule module, TorchScriptInput input, string path, string identity, Device device)
    {
        _module = module;
        _input = input;
        _path = path;
        _device = device;
        Identity = identity;
    }

    public string Identity { get; }

    public long Channels => 3;

    public string Preprocessing(ImageShape image) => _input.Text(image);

    public long Batch => 16;

    /// <summary>Loads a TorchScript file.</summary>
    /// <exception cref="LabException">The file is missing, is not TorchScript, or holds parameters that are not finite.</exception>
    public static TorchScriptFeatures Load(string path, TorchScriptInput input, Device device)
    {
        var identity = FileHash.Of(path);
        try
        {
            var module = jit.load(path);
            module.eval();
            module.to(device);
            return module.named_parameters().FirstOrDefault(parameter => !Finite.IsFinite(parameter.parameter)).name is { } damaged
                ? throw new LabException($"{path} holds NaN or infinite values in '{damaged}': use other weights")
                : new(module, input, path, identity, device);
        }
        catch (Exception refused) when (refused is ExternalException or ArgumentException or InvalidOperationException)
        {
            throw new LabException($"{path} cannot be loaded as TorchScript ({FirstLine(refused)}): write it with torch.jit.save "
            + "from a traced or scripted module; a checkpoint of weights is not TorchScript", refused);
        }
    }

    public FeatureBatch Extract(Tensor images)
    {
        var inputs = _input.Apply(images.to(_device).expand(-1, 3, -1, -1));
        object output;
        try
        {
            output = _module.call(inputs);
        }
        catch (ExternalException failed)
        {
            throw new LabException($"{_path} fails on images of {_input.Text(new(3, images.shape[2], images.shape[3]))}: "
                + FirstLine(failed), failed);
        }
        var batch = output switch
        {
            Tensor features => new FeatureBatch(features),
            ValueTuple<Tensor, Tensor> both => new FeatureBatch(both.Item1, both.Item2),
            IReadOnlyList<Tensor> { Count: 2 } list => new FeatureBatch(list[0], list[1]),
            _ => throw new LabException($"{_path} returns {output.GetType().Name} where features [B, F], or a tuple of features and class "
                + "scores, are needed"),
        };
        Check("features", batch.Features, images.shape[0]);
        if (batch.Logits is { } logits)
            Check("class scores", logits, images.shape[0]);
        return new(batch.Features.to(float32), batch.Logits?.to(float32));
    }

    public void Dispose() => _module.Dispose();

    private void Check(string what, Tensor value, long rows)
    {
        if (value.Dimensions != 2 || value.shape[0] != rows || !value.is_floating_point())
        {
            throw new LabException(string.Create(CultureInfo.InvariantCulture,
                $"{_path} returns {what} of shape [{string.Join(", ", value.shape)}] and type {value.dtype} for {rows} images, not a row of numbers for each"));
        }
    }

    private static string FirstLine(Exception failure) => failure.Message.Split('\n')[0];
}

/// <summary>The preprocessing for a TorchScript network.</summary>
/// <param name="Size">Side that images are resized to, bicubically with antialias; 0: no resizing.</param>
/// <param name="Mean">The mean of each channel in [0, 1], which is subtracted first.</param>
/// <param name="Deviation">The standard deviation of each channel, which is divided by.</param>
internal sealed record TorchScriptInput(int Size, IReadOnlyList<double> Mean, IReadOnlyList<double> Deviation)
{
    public string Text(ImageShape image) => $"uint8, grey repeated to RGB, {PillowResize.Text(image.Rows, image.Columns, Size)}, [0, 1], "
        + $"mean {Row(Mean)}, deviation {Row(Deviation)}";

    /// <summary>uint8 [B, 3, H, W] → float32 [B, 3, size, size].</summary>
    public Tensor Apply(Tensor images)
    {
        var pixels = Size == 0 ? images.to(float32) : PillowResize.Apply(images, Size);
        return (pixels.div(255) - PerColour(Mean, pixels)) / PerColour(Deviation, pixels);
    }

    private static Tensor PerColour(IReadOnlyList<double> values, Tensor like) =>
        tensor(values.ToArray(), [values.Count, 1, 1], dtype: like.dtype, device: like.device);

    private static string Row(IReadOnlyList<double> values) =>
        string.Join(' ', values.Select(value => value.ToString("R", CultureInfo.InvariantCulture)));
}

/// <summary>A TorchScript network as a feature stage writes it: a description without tensors, and the script in the same folder.</summary>
internal static class TorchScriptFile
{
    private const string ScriptEntry = "script";
    private const string SizeEntry = "size";
    private const string MeanEntry = "mean";
    private const string DeviationEntry = "deviation";
    private const string Script = "features.pt";

    /// <summary>Copies a script and writes its description.</summary>
    /// <exception cref="LabException">The source is not TorchScript.</exception>
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
        // The name comes from a file: it must not lead out of the folder.
        if (script != Script)
            throw new LabException($"{file.Path} names the script '{script}', not {Script}: the lab did not write this file");
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
