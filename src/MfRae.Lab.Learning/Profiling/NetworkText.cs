using MfRae.Lab.Learning.Networks;

namespace MfRae.Lab.Learning.Profiling;

/// <summary>Networks in words: kind, width × depth.</summary>
internal static class NetworkText
{
    public static string Of(IEncoder encoder) => encoder switch
    {
        VitEncoder vit => $"ViT {vit.Options.Width} × {vit.Options.Depth}",
        Dinov2Encoder dinov2 => $"DINOv2 {dinov2.Options.HiddenSize} × {dinov2.Options.Layers}",
        _ => encoder.GetType().Name,
    };

    public static string Of(IDecoder decoder) => decoder switch
    {
        RaeDecoder rae => $"ViT {rae.Options.Width} × {rae.Options.Depth} and convolutions",
        MaeDecoder mae => $"MAE ViT {mae.Options.HiddenSize} × {mae.Options.Layers}",
        _ => decoder.GetType().Name,
    };

    public static string Of(DitNetwork network) => $"DiT^DH {network.Options.TrunkWidth} × {network.Options.TrunkDepth}"
        + $" + {network.Options.HeadWidth} × {network.Options.HeadDepth}{(network.Interval ? ", with interval" : "")}";
}
