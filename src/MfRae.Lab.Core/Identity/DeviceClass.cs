using System.Text.Json;

namespace MfRae.Lab.Core.Identity;

/// <summary>
/// The class of a device, which is part of the identity of a value: `cpu` or `cuda`, without the number of the GPU. A value that depends on
/// several stages has the set of their classes: `cpu+cuda`.
/// </summary>
public static class DeviceClass
{
    public const string Cpu = "cpu";

    private const char Separator = '+';

    // Stages that may import a network instead of training it, with the kinds of options that train one.
    private static readonly Dictionary<string, string> Trained = new()
    {
        ["features"] = "inception",
        ["encoder"] = "selfSupervised",
        ["decoder"] = "rae",
        ["teacher"] = "flowMatching",
    };

    /// <summary>`cuda` for `cuda:1`; empty where nothing is known.</summary>
    public static string Of(string device) => device.Split(':')[0];

    /// <summary>The set of some classes or sets, in one text.</summary>
    public static string Join(IEnumerable<string> sets) => string.Join(
        Separator,
        sets.SelectMany(set => set.Split(Separator, StringSplitOptions.RemoveEmptyEntries)).Distinct().Order(StringComparer.Ordinal));

    /// <summary>The classes that a stage adds to all values downstream; empty where it only imports or indexes files.</summary>
    public static string Added(StageFacts stage) => IsComputed(stage) ? Measuring(stage) : "";

    /// <summary>The classes that the stage itself ran on. An oracle evaluation runs on the CPU whatever the device of the run.</summary>
    public static string Measuring(StageFacts stage) => stage.Kind == "oracleEvaluation" ? Cpu : Join(stage.Devices.Select(Of));

    private static bool IsComputed(StageFacts stage)
    {
        if (stage.Kind == "dataset")
        {
            return false;
        }

        var options = stage.Option(stage.Kind);
        if (options is not { ValueKind: JsonValueKind.Object } || StageFacts.Text(options, "kind") is not { } kind)
        {
            return true;
        }

        // Imported statistics of latents count only where the stage encodes the training set as well.
        return stage.Kind == "latents" ? kind != "pretrained" || StageFacts.Text(options, "cache") != "none"
            : !Trained.TryGetValue(stage.Kind, out var trains) || kind == trains;
    }
}
