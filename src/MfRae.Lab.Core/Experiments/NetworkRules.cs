using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Experiments;

/// <summary>
/// Checks that the networks of an arm fit its images and each other, from the options and from the headers of the files that they name. A
/// file without a readable header is checked by the stage that loads it.
/// </summary>
/// <param name="options">The arm's `base`, patched.</param>
internal sealed class NetworkRules(Diagnostics mistakes, OptionView options, InputHeaders headers)
{
    private const string Encoder = "encoder.weights";
    private const string Decoder = "decoder.weights";
    private const string Velocity = "dit-velocity";
    private const string MeanFlow = "dit-mean-flow";

    private readonly WeightsRules _files = new(mistakes, options, headers);
    private readonly DatasetImages _dataset = headers.Dataset(options);

    /// <param name="decodes">Whether the arm uses its decoder.</param>
    /// <param name="generates">Whether the arm uses latents, and a teacher if there is one.</param>
    public void Check(bool decodes, bool generates)
    {
        if (options.Kind("dataset") is null or "oracle")
        {
            return;
        }

        CheckSplits();
        var latent = CheckEncoder();
        if (decodes)
        {
            CheckDecoder(latent);
        }

        if (generates)
        {
            CheckTokens(latent);
            CheckLatents(latent);
            new SamplingRules(mistakes).CheckFile(options, headers, latent);
            CheckTeacher(latent);
            CheckStudents(latent);
        }
    }

    private void CheckSplits()
    {
        if (_dataset is { Image: { } train, TestImage: { } test } && train != test)
        {
            mistakes.Add(
                options.At("dataset.path"), $"the training images are {train}, but the test images are {test}", "name a folder with images of one size");
        }
    }

    /// <summary>Checks the encoder against the images.</summary>
    /// <returns>The shape of the latents that it makes, or null.</returns>
    private LatentSize? CheckEncoder()
    {
        switch (options.Kind("encoder"))
        {
            case "selfSupervised" when _dataset.Image is { } image && options.Number("encoder.network.width") is { } width:
                var trained = LatentSize.OfVit((long)width, image);
                CheckPatches(image, trained, "the selfSupervised encoder", ["dataset.size", "encoder.kind", "dataset.path"]);
                return trained;
            case "dinov2":
                CheckColours();
                _files.CheckDinov2(Encoder, "encoder.network");
                return LatentSize.OfDinov2(option => options.Number($"encoder.network.{option}"));
            case "pixels" when _dataset.Image is { } image:
                return new LatentSize(image.Channels, image.Rows, image.Columns);
            case "autoencoderKl" or "variational" when _dataset.Image is { } image:
                return CheckAutoencoder(image);
            case "pretrained" when headers.Weights(options.Text(Encoder)) is { } file:
                return CheckEncoderFile(file);
            default:
                return null;
        }
    }

    private LatentSize? CheckAutoencoder(ImageSize image)
    {
        if (options.Numbers("encoder.network.multipliers") is not { Count: > 0 and < 32 } levels
            || options.Number("encoder.network.latentChannels") is not { } channels)
        {
            return null;
        }

        if (options.Kind("encoder") == "autoencoderKl")
        {
            _files.CheckAutoencoder(Encoder, image);
        }

        long side = 1L << (levels.Count - 1);
        if (image.Rows % side != 0 || image.Columns % side != 0)
        {
            mistakes.Add(
                options.MostLikelySource("encoder.network.multipliers", "dataset.size", "dataset.path"),
                FormattableString.Invariant($"{levels.Count} levels halve the sides of an image {levels.Count - 1} times, but {image.Rows}×{image.Columns} is not a multiple of {side}"),
                "give `multipliers` fewer numbers, or choose images of another size");
            return null;
        }

        return new LatentSize((long)channels, image.Rows / side, image.Columns / side);
    }

    private LatentSize? CheckEncoderFile(WeightsHeader file)
    {
        switch (_files.TypeOf(Encoder, file, "an encoder", "vit-encoder", "dinov2-encoder"))
        {
            case "vit-encoder":
                _files.CheckNetwork(Encoder, file, "encoder.network", typeof(VitOptions));
                var seen = WeightsRules.ImageOf(file);
                if (_dataset.Image is { } image && image != seen)
                {
                    mistakes.Add(
                        options.MostLikelySource(Encoder, "dataset.size", "dataset.path", "dataset.kind"),
                        $"the encoder {options.Text(Encoder)} was trained on {seen} images, but the dataset has {image} images",
                        "choose encoder of kind selfSupervised, which is trained on the dataset" + (image.Channels == 3 ? ", or dinov2" : ""));
                    return null;
                }

                return WeightsRules.Value(file, typeof(VitOptions), "width") is { } width ? LatentSize.OfVit((long)width, seen) : null;
            case "dinov2-encoder":
                CheckColours();
                return LatentSize.OfDinov2(option => WeightsRules.Value(file, typeof(Dinov2Options), option));
            default:
                return null;
        }
    }

    private void CheckColours()
    {
        if (options.Kind("dataset") == "idx")
        {
            mistakes.Add(
                options.MostLikelySource("encoder.kind", "dataset.kind"),
                options.Kind("encoder") == "dinov2"
                    ? "encoder of kind `dinov2` needs colour images, but a dataset of kind `idx` has grey images"
                    : $"the encoder {options.Text(Encoder)} needs colour images, but a dataset of kind `idx` has grey images",
                "choose a dataset of kind imageFolder, or an encoder of kind pretrained or selfSupervised");
        }
    }

    /// <summary>Checks that an image can be divided into one square patch of whole pixels for each token.</summary>
    private void CheckPatches(ImageSize image, LatentSize latent, string network, string[] blamed)
    {
        if (latent.Divides(image))
        {
            return;
        }

        string folder = options.Kind("dataset") == "imageFolder" && options.Kind("encoder") == "selfSupervised"
            ? FormattableString.Invariant($"e.g. size {Math.Max(8, image.Rows / 8 * 8)}")
            : FormattableString.Invariant($"choose images whose height and width are multiples of {latent.Rows} and {latent.Columns}, with square patches");
        mistakes.Add(
            options.MostLikelySource(blamed),
            FormattableString.Invariant($"{image.Rows}×{image.Columns} images cannot be divided into the {latent.Rows}×{latent.Columns} tokens of {network}"),
            folder);
    }

    private void CheckDecoder(LatentSize? latent)
    {
        switch (options.Kind("decoder"))
        {
            case "rae" when _dataset.Image is { } image && latent is not null && options.Kind("encoder") != "selfSupervised":
                CheckPatches(image, latent, "the encoder, with one patch each for the rae decoder", ["dataset.size", "decoder.kind", "dataset.path"]);
                break;
            case "pretrained":
                var file = headers.Weights(options.Text(Decoder));
                if (options.Kind("decoder.network") == "mae" && file?.Type is null)
                {
                    CheckReleasedDecoder(latent);
                }
                else if (file is not null)
                {
                    CheckDecoderFile(file, latent);
                }

                break;
        }
    }

    private void CheckReleasedDecoder(LatentSize? latent)
    {
        CheckDecodedImage(
            options.Number("decoder.network.channels"), options.Number("decoder.network.imageSize"),
            ["decoder.network.imageSize", "decoder.network.channels", "dataset.size", "dataset.kind"]);
        _files.CheckReleasedDecoder(Decoder, latent);
    }

    private void CheckDecoderFile(WeightsHeader file, LatentSize? latent)
    {
        string? type = _files.TypeOf(Decoder, file, "a decoder", "rae-decoder", "mae-decoder");
        if (type is null)
        {
            return;
        }

        bool mae = type == "mae-decoder";
        if (options.Kind("decoder.network") is { } named && (named == "mae") != mae)
        {
            mistakes.Add(
                options.At("decoder.network.kind"),
                $"{options.Text(Decoder)} contains a decoder of kind `{(mae ? "mae" : "vit")}`, but the options name `{named}`",
                $"write kind {(mae ? "mae" : "vit")}, or null for `network`");
        }
        else
        {
            _files.CheckNetwork(Decoder, file, "decoder.network", mae ? typeof(MaeDecoderOptions) : typeof(DecoderNetworkOptions));
        }

        _files.CheckShape(Decoder, file, latent, "decodes");
        string[] blamed = [Decoder, "dataset.size", "dataset.path", "dataset.kind"];
        if (mae)
        {
            CheckDecodedImage(
                WeightsRules.Value(file, typeof(MaeDecoderOptions), "channels"),
                WeightsRules.Value(file, typeof(MaeDecoderOptions), "imageSize"), blamed);
        }
        else if (_dataset.Image is { } image && WeightsRules.ImageOf(file) is var made && made != image)
        {
            ReportImage(made, image, blamed);
        }
    }

    private void CheckDecodedImage(double? channels, double? side, string[] blamed)
    {
        if (_dataset.Image is { } image && channels is not null && side is not null
            && new ImageSize((long)channels, (long)side, (long)side) is var made && made != image)
        {
            ReportImage(made, image, blamed);
        }
    }

    private void ReportImage(ImageSize made, ImageSize image, string[] blamed) => mistakes.Add(
        options.MostLikelySource(blamed),
        $"the decoder makes {made} images, but the dataset has {image} images",
        made.Channels == image.Channels && made.Rows == made.Columns && options.Kind("dataset") == "imageFolder"
            ? FormattableString.Invariant($"set `size` to {made.Rows}, or choose decoder of kind rae, which is trained on the dataset")
            : "choose decoder of kind rae, which is trained on the dataset");

    /// <summary>Checks that the patches of plain DiTs divide the latent.</summary>
    private void CheckTokens(LatentSize? latent)
    {
        foreach (string network in (string[])["teacher.network", "cmt.network", "meanflow.network"])
        {
            string path = $"{network}.patch";
            if (latent is not null && options.IsWritten(network) && options.Number(path) is >= 1 and { } patch
                && (latent.Rows % patch != 0 || latent.Columns % patch != 0))
            {
                mistakes.Add(
                    options.MostLikelySource(path, network),
                    FormattableString.Invariant($"the encoder's latents of {latent.Rows}×{latent.Columns} places cannot be divided into patches of {patch}×{patch}"),
                    "choose a `patch` that divides both sides");
            }
        }
    }

    private void CheckLatents(LatentSize? latent)
    {
        if (options.Kind("latents") == "pretrained" && headers.Weights(options.Text("latents.weights")) is { } file)
        {
            _files.CheckStatistics("latents.weights", file, latent);
        }
    }

    private void CheckTeacher(LatentSize? latent)
    {
        if (CheckGenerator("teacher", Velocity, latent) is { } file
            && (options.Text("meanflow.initialisation") == "teacher"
                || (options.Text("meanflow.initialisation") == "cmt" && options.Kind("cmt") == "trajectory")))
        {
            _files.CheckStart("meanflow.network", file, "teacher");
        }
    }

    private void CheckStudents(LatentSize? latent)
    {
        if (CheckGenerator("cmt", MeanFlow, latent) is { } file
            && options.Text("meanflow.initialisation") == "cmt")
        {
            _files.CheckStart("meanflow.network", file, "CMT network");
        }

        CheckGenerator("meanflow", MeanFlow, latent);
    }

    /// <summary>Checks a generator from a file.</summary>
    /// <param name="stage">The option of the stage that loads it.</param>
    /// <param name="needed">The type of the network.</param>
    /// <returns>The file of the lab that holds the network; null without one or after a mistake.</returns>
    private WeightsHeader? CheckGenerator(string stage, string needed, LatentSize? latent)
    {
        string path = $"{stage}.weights";
        if (options.Kind(stage) != "pretrained" || headers.Weights(options.Text(path)) is not { } file)
        {
            return null;
        }

        bool released = file.Type is null && options.IsWritten($"{stage}.network");
        string? found = released ? (file.Names.Any(name => name.StartsWith("r_embedder.", StringComparison.Ordinal)) ? MeanFlow : Velocity) : file.Type;
        if (found != needed && found is Velocity or MeanFlow)
        {
            mistakes.Add(
                options.At(path),
                found == MeanFlow
                    ? $"{options.Text(path)} contains a mean-flow network, but a teacher must be a velocity network"
                    : $"{options.Text(path)} contains a velocity network, but {stage} must be a mean-flow network",
                found == MeanFlow
                    ? "name the weights of a teacher, or move the file to `meanflow` or `cmt` of kind pretrained"
                    : "name the weights of a mean-flow network, or move the file to `teacher` of kind pretrained");
            return null;
        }

        if (released)
        {
            _files.CheckReleasedGenerator(stage, latent, _dataset.Classes);
            return null;
        }

        if (_files.TypeOf(path, file, stage == "teacher" ? "a teacher" : "a mean-flow network", needed) is null)
        {
            return null;
        }

        _files.CheckGeneratorNetwork(path, file, $"{stage}.network");
        _files.CheckShape(path, file, latent, "is trained on");
        if (file.Number("classes") is { } classes)
        {
            _files.CheckClasses(path, classes, _dataset.Classes);
        }

        return file;
    }
}

/// <summary>The shape of a latent: <paramref name="Channels"/> × <paramref name="Rows"/> × <paramref name="Columns"/> tokens.</summary>
internal sealed record LatentSize(long Channels, long Rows, long Columns)
{
    /// <summary>The latent of the lab's ViT, whose stem has three layers of stride 2 that round up.</summary>
    public static LatentSize OfVit(long width, ImageSize image) => new(width, (image.Rows + 7) / 8, (image.Columns + 7) / 8);

    /// <summary>The latent of DINOv2, or null if an option is missing.</summary>
    /// <param name="number">Reads an option of the network.</param>
    public static LatentSize? OfDinov2(Func<string, double?> number) =>
        number("hiddenSize") is { } width && number("inputSize") is { } side && number("patchSize") is > 0 and { } patch
            ? new LatentSize((long)width, (long)side / (long)patch, (long)side / (long)patch)
            : null;

    /// <summary>Whether each token covers a square of whole pixels.</summary>
    public bool Divides(ImageSize image) =>
        image.Rows % Rows == 0 && image.Columns % Columns == 0 && image.Rows / Rows == image.Columns / Columns;

    public override string ToString() => FormattableString.Invariant($"[{Channels}, {Rows}, {Columns}]");
}
