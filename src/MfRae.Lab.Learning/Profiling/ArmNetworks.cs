using MfRae.Lab.Core.Images;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Oracle;

namespace MfRae.Lab.Learning.Profiling;

/// <summary>
/// The networks of an arm, by size only. The size of a pre-trained network that the options do not state comes from the description in
/// its file, if the file exists.
/// </summary>
internal sealed class ArmNetworks
{
    // The number of classes of MNIST, Fashion-MNIST and similar datasets.
    private const int IdxClasses = 10;

    private readonly LabOptions _options;
    private readonly string _workingDirectory;
    private readonly List<string> _notes = [];

    public ArmNetworks(LabOptions options, string workingDirectory)
    {
        _options = options;
        _workingDirectory = workingDirectory;
        var training = new TrainingImages(options.Dataset, workingDirectory);
        TrainingImages = training.Count;
        Classes = training.Classes ?? IdxClasses;
        Encoder = options.Dataset is OracleDatasetOptions ? null : EncoderOf(options.Encoder);
        Shape = options.Dataset is OracleDatasetOptions oracle ? OracleBatches.ShapeOf(oracle.Distribution) : Encoder?.Shape;
        if (Shape is null)
            return;
        Decoder = DecoderOf(options.Decoder, Shape);
        Teacher = TeacherOf(options.Teacher);
        Generator = GeneratorOf();
        if (training.Classes is null && (Teacher ?? Generator) is not null)
            _notes.Add($"the dataset is missing: {IdxClasses} classes are assumed");
    }

    /// <summary>The number of training images; null where the dataset is missing.</summary>
    public long? TrainingImages { get; }

    public int Classes { get; }

    public IEncoder? Encoder { get; }

    /// <summary>The shape of the latents; null for an unknown encoder.</summary>
    public LatentShape? Shape { get; }

    public IDecoder? Decoder { get; }

    public GeneratorNetwork? Teacher { get; }

    /// <summary>The mean-flow network of CMT and MeanFlow.</summary>
    public GeneratorNetwork? Generator { get; }

    public IReadOnlyList<string> Notes => _notes;

    private ImageShape Image => _options.Dataset switch
    {
        ImageFolderDatasetOptions images => new(PixelBuffer.Colours, images.Size, images.Size),
        NoImagesDatasetOptions none => new(PixelBuffer.Colours, none.Size, none.Size),
        _ => ImageShape.Mnist,
    };

    private IEncoder? EncoderOf(EncoderOptions encoder) => encoder switch
    {
        SelfSupervisedEncoderOptions own => new VitEncoder(own.Network, Image),
        Dinov2EncoderOptions dinov2 => new Dinov2Encoder(dinov2.Network),
        AutoencoderKlEncoderOptions autoencoder => new AutoencoderKlEncoder(autoencoder.Network, Image, autoencoder.Scale),
        VariationalEncoderOptions own => new AutoencoderKlEncoder(own.Network, Image, scale: 1),
        PixelEncoderOptions => new PixelEncoder(Image),
        PretrainedEncoderOptions { Network: { } network } => new VitEncoder(network, Image),
        PretrainedEncoderOptions pretrained => Described("encoder", pretrained.Weights, NetworkMetadata.Encoder),
        _ => Unknown<IEncoder>("encoder", encoder),
    };

    private IDecoder? DecoderOf(DecoderOptions decoder, LatentShape shape) => decoder switch
    {
        NoDecoderOptions => null,
        RaeDecoderOptions own => new RaeDecoder(own.Network, shape, Image),
        AutoencoderKlDecoderOptions when Encoder is AutoencoderKlEncoder encoder => new AutoencoderKlDecoder(encoder.Options, Image, encoder.Scale),
        PixelDecoderOptions => new PixelDecoder(Image),
        PretrainedDecoderOptions { Network: DecoderNetworkOptions network } => new RaeDecoder(network, shape, Image),
        PretrainedDecoderOptions { Network: MaeDecoderOptions network } => new MaeDecoder(network, shape),
        PretrainedDecoderOptions pretrained => Described("decoder", pretrained.Weights, NetworkMetadata.Decoder),
        _ => Unknown<IDecoder>("decoder", decoder),
    };

    private GeneratorNetwork? TeacherOf(TeacherOptions teacher) => teacher switch
    {
        NoTeacherOptions or OracleTeacherOptions => null,
        FlowMatchingOptions own => Network(own.Network, interval: false),
        PretrainedTeacherOptions pretrained => Loaded("teacher", pretrained, interval: false),
        _ => Unknown<GeneratorNetwork>("teacher", teacher),
    };

    private GeneratorNetwork? GeneratorOf() => (_options.MeanFlow, _options.Cmt) switch
    {
        // A network that starts from another network has the size of that network.
        (IMeanFlowTraining { Initialisation: "cmt" }, PretrainedCmtOptions start) => Loaded("generator", start, interval: true),
        (IMeanFlowTraining { Initialisation: not "random" }, _) when Teacher is not null => Teacher.WithInterval(),
        (IMeanFlowTraining own, _) => Network(own.Network, interval: true),
        (PretrainedMeanFlowOptions pretrained, _) => Loaded("generator", pretrained, interval: true),
        (_, PretrainedCmtOptions pretrained) => Loaded("generator", pretrained, interval: true),
        (_, TrajectoryCmtOptions) => Teacher?.WithInterval(),
        _ => null,
    };

    private GeneratorNetwork? Loaded(string component, IPretrainedGenerator pretrained, bool interval) => pretrained.Network is { } network
        ? Network(network, interval)
        : Described(component, pretrained.Weights, NetworkMetadata.Generator);

    private GeneratorNetwork Network(GeneratorNetworkOptions options, bool interval) => GeneratorNetwork.Create(options, Shape!, Classes, interval);

    private T? Described<T>(string component, string weights, Func<TensorFile, T> describe)
        where T : class
    {
        if (File.Exists(Path.GetFullPath(WeightPath.FileOf(weights), _workingDirectory)))
            return describe(TensorFile.Open(Path.GetFullPath(weights, _workingDirectory)));
        _notes.Add($"the size of the {component} is unknown: {weights} is missing, and the options have no `network` for it");
        return null;
    }

    private T? Unknown<T>(string component, object options)
        where T : class
    {
        _notes.Add($"the {component} ({options.GetType().Name}) has no cost model");
        return null;
    }
}

/// <summary>The number of training images and classes of a dataset, if it exists.</summary>
internal sealed class TrainingImages
{
    public TrainingImages(DatasetOptions dataset, string workingDirectory)
    {
        switch (dataset)
        {
            case IdxDatasetOptions idx when Path.Combine(Path.GetFullPath(idx.Path, workingDirectory), IdxDatasetOptions.FileNames[1]) is var file
                && File.Exists(file):
                var labels = IdxReader.Read(file, 1).Values;
                Count = Limit(labels.Length, idx.TrainLimit);
                Classes = labels.Take((int)Count.Value).Max() + 1;
                break;
            case OracleDatasetOptions:
                // Fresh samples at every step have no number.
                Classes = OracleBatches.ClassCount;
                break;
            case NoImagesDatasetOptions none:
                Classes = none.Classes;
                break;
            case ImageFolderDatasetOptions images:
                Classes = images.Classes;
                var folder = Path.Combine(Path.GetFullPath(images.Path, workingDirectory), ImageFolderDatasetOptions.Splits[0]);
                if (Directory.Exists(folder))
                    Count = Limit(ImageFiles.Below(folder).Files.Count, images.TrainLimit);
                break;
        }
    }

    public long? Count { get; }

    public int? Classes { get; }

    private static long Limit(long count, int limit) => limit > 0 ? Math.Min(limit, count) : count;
}
