using System.Globalization;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Training;

/// <summary>
/// Everything a run needs to go on with the same bits: parameters, running statistics, average, moments and the step.
/// Random numbers need no state.
/// </summary>
public sealed class Checkpoint(string path, Weights weights, Weights average, AdamW optimizer)
{
    private const string StepEntry = "step";

    public void Save(long step) => Safetensors.Write(path, [.. Tensors()], new Dictionary<string, string>
    {
        [StepEntry] = step.ToString(CultureInfo.InvariantCulture),
    });

    /// <summary>The number of steps done; 0 without a checkpoint.</summary>
    public long Restore()
    {
        if (!File.Exists(path))
            return 0;
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var file = Safetensors.Read(path);
        foreach (var (name, tensor) in Tensors())
            tensor.copy_(file[name]);
        return long.Parse(file.Meta(StepEntry), CultureInfo.InvariantCulture);
    }

    private IEnumerable<(string Name, Tensor Value)> Tensors() =>
    [
        ("parameters", weights.Flat), ("average", average.Flat), ("first", optimizer.First), ("second", optimizer.Second),
        .. weights.Constants().Select(constant => ("constant." + constant.Name, constant.Value)),
    ];
}
