using System.Globalization;
using System.Runtime.InteropServices;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>
/// Any network as a TorchScript file: float32 [B, 3, size, size] → features [B, F], or a tuple of features and class scores. The file
/// is a program, though one that knows tensors only: it should come from somebody who is trusted.
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

    /// <exception cref="LabException">The file is missing, is not TorchScript, or holds parameters that are not finite.</exception>
    public static TorchScriptFeatures Load(string path, TorchScriptInput input, Device device)
    {
        var identity = FileHash.Of(path);
        try
        {
            var module = jit.load(path);
            module.eval();
            module.to(device);
            return module.named_parameters().FirstOrDefault(parameter => !Finite.Holds(parameter.parameter)).name is { } damaged
                ? throw new LabException($"{path} holds NaN or infinite values in '{damaged}': use other weights")
                : new(module, input, path, identity, device);
        }
        catch (Exception refused) when (refused is ExternalException or ArgumentException or InvalidOperationException)
        {
            throw new LabException($"{path} cannot be loaded as TorchScript ({FirstLine(refused)}): write it by torch.jit.save of a traced "
                + "or scripted module; a checkpoint of weights is none", refused);
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
            throw new LabException(string.Create(CultureInfo.InvariantCulture,
                $"{_path} returns {what} of shape [{string.Join(", ", value.shape)}] and type {value.dtype} for {rows} images, not a row of numbers for each"));
    }

    private static string FirstLine(Exception failure) => failure.Message.Split('\n')[0];
}
