using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>
/// Takes over networks that others trained. A file of the lab's own is copied as it is; released weights, which do not say what they
/// are of, become a file that describes itself.
/// </summary>
internal static class Pretrained
{
    public static void Encoder(StageContext context, PretrainedEncoderOptions options, string path)
    {
        var source = context.Resolve(options.Weights);
        var (network, weights) = NetworkFiles.LoadEncoder(source, CPU);
        weights.Dispose();
        if (options.Network is { } named && (network as VitEncoder)?.Options != named)
            throw Differs(source, JsonSerializer.Serialize(named, LabJson.Default.VitOptions), NetworkMetadata.Of(network));
        File.Copy(source, path, overwrite: true);
    }

    public static void Encoder(StageContext context, Dinov2EncoderOptions options, string path)
    {
        using var scope = NewDisposeScope();
        var network = new Dinov2Encoder(options.Network);
        var file = Dinov2Names.Translate(TensorFile.Open(context.Resolve(options.Weights)));
        using var weights = Weights.Load(network.Declare(), file, CPU);
        NetworkFiles.Save(path, network, weights);
    }

    public static void Decoder(StageContext context, PretrainedDecoderOptions options, string path)
    {
        using var scope = NewDisposeScope();
        var source = context.Resolve(options.Weights);
        var file = TensorFile.Open(source);
        var latent = context.HasInput(StageInput.Encoder)
            ? NetworkMetadata.Encoder(TensorFile.Open(Path.Combine(context.Input(StageInput.Encoder), NetworkFiles.Encoder))).Shape
            : null;
        if (options.Network is MaeDecoderOptions released && !NetworkMetadata.Describes(file))
        {
            var network = new MaeDecoder(released, latent ?? throw new InvalidOperationException("a decoder stage has an encoder"));
            using var imported = Weights.Load(network.Declare(), file, CPU);
            NetworkFiles.Save(path, network, imported);
            return;
        }

        var (own, weights) = NetworkFiles.LoadDecoder(source, CPU);
        weights.Dispose();
        DecoderArchitectureOptions? found = own switch
        {
            RaeDecoder rae => rae.Options,
            MaeDecoder mae => mae.Options,
            _ => null,
        };
        if (options.Network is { } named && found != named)
            throw Differs(source, JsonSerializer.Serialize(named, LabJson.Default.DecoderArchitectureOptions), NetworkMetadata.Of(own));
        if (latent is not null && own.Shape != latent)
            throw new LabException($"{source} decodes latents of {Text(own.Shape)}, but the encoder makes {Text(latent)}");
        File.Copy(source, path, overwrite: true);
    }

    public static void Teacher(StageContext context, PretrainedTeacherOptions options, string path)
    {
        using var scope = NewDisposeScope();
        var source = context.Resolve(options.Weights);
        var file = TensorFile.Open(source);
        if (options.Network is { } released && !NetworkMetadata.Describes(file))
        {
            var (shape, classes) = GeneratorTraining.Latents(context);
            var network = new DitNetwork(released, shape, classes, interval: false);
            using var imported = Weights.Load(network.Declare(), file, CPU);
            NetworkFiles.Save(path, network, imported);
            return;
        }

        var (own, weights) = NetworkFiles.LoadGenerator(source, CPU);
        weights.Dispose();
        if (own.Interval)
            throw new LabException($"{source} holds a mean-flow network where the teacher, a velocity network, is needed");
        if (options.Network is { } named && own.Options != named)
            throw Differs(source, JsonSerializer.Serialize(named, LabJson.Default.DitOptions), NetworkMetadata.Of(own));
        File.Copy(source, path, overwrite: true);
    }

    private static LabException Differs(string source, string named, Dictionary<string, string> found) =>
        new($"{source} holds the network {found["network"]}, but the options name {named}: correct `network`, or write null");

    private static string Text(LatentShape shape) => $"[{shape.Channels}, {shape.Rows}, {shape.Columns}]";
}
