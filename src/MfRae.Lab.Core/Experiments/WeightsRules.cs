using System.Globalization;
using System.Text.Json;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Experiments;

/// <summary>Checks that a weights file contains the network that the options describe, with the shapes that other stages need.</summary>
internal sealed class WeightsRules(Diagnostics mistakes, OptionView options, InputHeaders headers)
{
    private const string Dataset = "dataset.size";

    /// <summary>The type of the network in a file, or null after a mistake.</summary>
    /// <param name="path">Path of the option that names the file.</param>
    /// <param name="needed">The needed network, with its article.</param>
    /// <param name="types">The accepted types.</param>
    public string? TypeOf(string path, WeightsHeader file, string needed, params string[] types)
    {
        if (file.Type is { } type && types.Contains(type))
        {
            return type;
        }

        mistakes.Add(
            options.At(path),
            file.Type is null
                ? $"{options.Text(path)} does not describe its network, but {needed} of the lab is needed"
                : $"{options.Text(path)} contains a network of type `{file.Type}`, but {needed} is needed",
            "name another file, or choose a kind that trains");
        return null;
    }

    /// <summary>The size of the images that a network of the lab was trained on.</summary>
    public static ImageSize ImageOf(WeightsHeader file) =>
        file.Sizes("image") is { } sizes ? new ImageSize(sizes.Channels, sizes.Rows, sizes.Columns) : ImageSize.Mnist;

    /// <summary>An option of the network that a file describes, or its default if the file does not contain it.</summary>
    public static double? Value(WeightsHeader file, Type record, string option)
    {
        if (file.Network is not { } network)
        {
            return null;
        }

        return network.TryGetProperty(option, out var written)
            ? written.ValueKind == JsonValueKind.Number ? written.GetDouble() : null
            : OptionTypes.Of(record).Find(option)?.Default is { } value ? Convert.ToDouble(value, CultureInfo.InvariantCulture)
            : null;
    }

    /// <summary>The kind of a generator's network in a file of the lab; null: the default.</summary>
    private static string? KindOf(WeightsHeader file) =>
        StageFacts.Text(file.Network, "kind");

    /// <summary>Checks that the network of a generator in the options agrees with the file.</summary>
    public void CheckGeneratorNetwork(string path, WeightsHeader file, string network)
    {
        var record = OptionTypes.GeneratorNetwork(KindOf(file));
        if (options.IsWritten(network) && OptionTypes.GeneratorNetwork(options.Kind(network)) != record)
        {
            string found = KindOf(file) ?? GeneratorNetworkConverter.DitDH;
            mistakes.Add(
                options.MostLikelySource($"{network}.kind", network),
                $"`network` is of kind {options.Kind(network)}, but in {options.Text(path)} it is of kind {found}",
                $"write kind {found}, or null for `network`");
            return;
        }

        CheckNetwork(path, file, network, record);
    }

    /// <summary>Checks that `network` in the options agrees with the file. Options without `network` accept any.</summary>
    public void CheckNetwork(string path, WeightsHeader file, string network, Type record)
    {
        if (!options.IsWritten(network))
        {
            return;
        }

        foreach (string option in OptionTypes.Of(record).Properties.Select(property => property.Name))
        {
            if (Value(file, record, option) is { } found && options.Number($"{network}.{option}") is { } named && found != named)
            {
                mistakes.Add(
                    options.MostLikelySource($"{network}.{option}", network),
                    FormattableString.Invariant($"`{option}` is {named}, but in {options.Text(path)} it is {found}"),
                    FormattableString.Invariant($"write {found}, or null for `network`"));
            }
        }
    }

    /// <summary>Checks that a network that starts from the weights of another has its sizes.</summary>
    /// <param name="start">The network that it starts from, as the message names it.</param>
    public void CheckStart(string network, WeightsHeader file, string start)
    {
        string kind = KindOf(file) ?? GeneratorNetworkConverter.DitDH;
        var record = OptionTypes.GeneratorNetwork(kind);
        if (options.IsWritten(network) && OptionTypes.GeneratorNetwork(options.Kind(network)) != record)
        {
            mistakes.Add(
                options.MostLikelySource($"{network}.kind", network),
                $"`network` is of kind {options.Kind(network)}, but the network starts from the weights of the {start}, which are of kind {kind}",
                $"write kind {kind}, or set `initialisation` to random");
            return;
        }

        foreach (string option in OptionTypes.Of(record).Properties.Select(property => property.Name))
        {
            if (Value(file, record, option) is { } found && options.Number($"{network}.{option}") is { } named
                && options.IsWritten($"{network}.{option}") && found != named)
            {
                mistakes.Add(
                    options.At($"{network}.{option}"),
                    FormattableString.Invariant($"`{option}` is {named}, but the network starts from the weights of the {start}, where it is {found}"),
                    FormattableString.Invariant($"write {found}, or set `initialisation` to random"));
            }
        }
    }

    /// <summary>Checks that the network in a file accepts the latents of the encoder.</summary>
    /// <param name="verb">The verb of the message, such as decodes.</param>
    public void CheckShape(string path, WeightsHeader file, LatentSize? latent, string verb)
    {
        if (latent is not null && file.Sizes("shape") is { } sizes && new LatentSize(sizes.Channels, sizes.Rows, sizes.Columns) is var own
            && own != latent)
        {
            Report(path, $"{verb} latents of shape {own}, but the encoder makes {latent}");
        }
    }

    public void CheckClasses(string path, long found, long? classes)
    {
        if (classes is not null && found != classes)
        {
            mistakes.Add(
                options.MostLikelySource(path, "dataset.classes", "dataset.trainLimit", "dataset.path", "dataset.kind"),
                FormattableString.Invariant($"{options.Text(path)} has {found} classes, but the training images have {classes}"),
                "choose teacher of kind flowMatching, which is trained on the dataset, or name a teacher with these classes");
        }
    }

    /// <summary>Checks the mean and variance of latents, [C, H, W] or [1, C, H, W].</summary>
    public void CheckStatistics(string path, WeightsHeader file, LatentSize? latent)
    {
        string variance = file.Shape("var") is null ? "variance" : "var";
        foreach (string name in (string[])["mean", variance])
        {
            var shape = file.Shape(name);
            if (shape is null)
            {
                mistakes.Add(
                    options.At(path), $"{options.Text(path)} has no tensor `{name}`",
                    "name a file with the mean and variance of latents, or choose latents of kind perElement");
            }
            else if (latent is not null
                && !shape.Skip(shape.Count == 4 ? 1 : 0).SequenceEqual([latent.Channels, latent.Rows, latent.Columns]))
            {
                mistakes.Add(
                    options.MostLikelySource(path, "encoder.weights", Dataset, "dataset.path"),
                    $"`{name}` of {options.Text(path)} has the shape [{string.Join(", ", shape)}], but the encoder makes latents of shape {latent}",
                    "choose latents of kind perElement, whose statistics are measured on the dataset");
            }
        }
    }

    /// <summary>Checks released weights of DINOv2, with the names of Hugging Face or of the original release.</summary>
    public void CheckDinov2(string path, string network)
    {
        if (headers.Weights(options.Text(path)) is not { } file
            || (file.Shape("embeddings.patch_embeddings.projection.weight") ?? file.Shape("patch_embed.proj.weight")) is not { Count: 4 } patches)
        {
            return;
        }

        CheckSize(path, $"{network}.hiddenSize", patches[0]);
        CheckSize(path, $"{network}.patchSize", patches[3]);
        const string layer = "encoder.layer.";
        int layers = file.Names.Where(name => name.StartsWith(layer, StringComparison.Ordinal)).Select(name => name[layer.Length..].Split('.')[0])
            .Distinct().Count();
        if (layers > 0)
        {
            CheckSize(path, $"{network}.layers", layers);
        }

        if (file.Shape("embeddings.position_embeddings") is [_, > 1 and var positions, _])
        {
            CheckSize(path, $"{network}.imageSize", (long)Math.Round(Math.Sqrt(positions - 1)) * patches[3]);
        }
    }

    /// <summary>Checks published weights of a KL autoencoder.</summary>
    public void CheckAutoencoder(string path, ImageSize image)
    {
        if (headers.Weights(options.Text(path)) is not { } file)
        {
            return;
        }

        if (file.Shape("encoder.conv_in.weight") is [var width, var colours, _, _])
        {
            CheckSize(path, "encoder.network.channels", width);
            if (colours != image.Channels)
            {
                mistakes.Add(
                    options.MostLikelySource(path, "dataset.path", "dataset.kind"),
                    FormattableString.Invariant($"{options.Text(path)} encodes images of {colours} channels, but the dataset has {image} images"),
                    "choose encoder of kind variational, which is trained on the dataset");
            }
        }

        if (file.Shape("post_quant_conv.weight") is [_, var channels, _, _])
        {
            CheckSize(path, "encoder.network.latentChannels", channels);
        }
    }

    /// <summary>Checks released weights of RAE's decoder.</summary>
    public void CheckReleasedDecoder(string path, LatentSize? latent)
    {
        if (headers.Weights(options.Text(path)) is not { } file)
        {
            return;
        }

        if (file.Shape("decoder_embed.weight") is [var width, var channels])
        {
            CheckSize(path, "decoder.network.hiddenSize", width);
            if (latent is not null && channels != latent.Channels)
            {
                Report(path, FormattableString.Invariant($"decodes latents of {channels} channels, but the encoder makes {latent.Channels}"));
            }
        }

        if (file.Shape("decoder_pred.weight") is [var values, _] && options.Number("decoder.network.channels") is { } colours
            && options.Number("decoder.network.patchSize") is { } patch && values != colours * patch * patch)
        {
            mistakes.Add(
                options.MostLikelySource("decoder.network.patchSize", "decoder.network"),
                FormattableString.Invariant($"patches of {patch}×{patch} pixels in {colours} colours do not match {options.Text(path)}, which has {values} values per patch"),
                FormattableString.Invariant($"e.g. patchSize {(long)Math.Sqrt(values / colours)}"));
        }
    }

    /// <summary>Checks released weights of a generator.</summary>
    /// <param name="stage">The option of the stage that loads them.</param>
    public void CheckReleasedGenerator(string stage, LatentSize? latent, long? classes)
    {
        string path = $"{stage}.weights";
        if (headers.Weights(options.Text(path)) is not { } file)
        {
            return;
        }

        bool plain = options.Kind($"{stage}.network") == GeneratorNetworkConverter.Dit;
        if (file.Shape("x_embedder.proj.weight") is not null && plain == file.Shape("s_embedder.proj.weight") is not null)
        {
            mistakes.Add(
                options.MostLikelySource($"{stage}.network.kind", $"{stage}.network"),
                $"{options.Text(path)} contains a {(plain ? "DiT^DH" : "plain DiT")}, but `network` is of kind {options.Kind($"{stage}.network")}",
                $"write kind {(plain ? GeneratorNetworkConverter.DitDH : GeneratorNetworkConverter.Dit)}");
            return;
        }

        if (file.Shape("y_embedder.embedding_table.weight") is [> 1 and var labels, var trunk])
        {
            // The last row is the null label.
            CheckClasses(path, labels - 1, classes);
            CheckSize(path, $"{stage}.network.{(plain ? "width" : "trunkWidth")}", trunk);
        }

        if (plain && file.Shape("x_embedder.proj.weight") is [_, _, _, var side])
        {
            CheckSize(path, $"{stage}.network.patch", side);
        }

        double patch = plain ? options.Number($"{stage}.network.patch") ?? 1 : 1;
        if (latent is not null && file.Shape(plain ? "x_embedder.proj.weight" : "s_embedder.proj.weight") is [_, var channels, _, _]
            && channels != latent.Channels)
        {
            Report(path, FormattableString.Invariant($"is trained on latents of {channels} channels, but the encoder makes {latent.Channels}"));
        }
        else if (latent is not null && file.Shape("pos_embed") is [1, var tokens, _] && tokens * patch * patch != latent.Rows * latent.Columns)
        {
            Report(path, FormattableString.Invariant($"is trained on latents of {tokens * patch * patch} tokens, but the encoder makes {latent.Rows * latent.Columns}"));
        }
    }

    private void CheckSize(string path, string option, long found)
    {
        if (options.Number(option) is { } named && named != found)
        {
            mistakes.Add(
                options.MostLikelySource(option, path),
                FormattableString.Invariant($"`{option[(option.LastIndexOf('.') + 1)..]}` is {named}, but in {options.Text(path)} it is {found}"),
                FormattableString.Invariant($"write {found}"));
        }
    }

    private void Report(string path, string what) => mistakes.Add(
        options.MostLikelySource(path, "encoder.weights", Dataset, "dataset.path"), $"{options.Text(path)} {what}",
        "name a file for these latents, or choose a kind that trains");
}
