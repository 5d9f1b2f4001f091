namespace MfRae.Lab.Core.Experiments;

/// <summary>Checks that the options of an arm's stages are compatible.</summary>
/// <param name="options">The arm's `base`, patched.</param>
internal sealed class CombinationRules(Diagnostics mistakes, OptionView options)
{
    private const string None = "none";
    private const string Pretrained = "pretrained";

    /// <summary>Whether the arm has a few-step generator: a MeanFlow network, or else a CMT network.</summary>
    public bool HasGenerator => Is("cmt", "trajectory") || Is("cmt", Pretrained) || TrainsMeanFlow || Is("meanflow", Pretrained);

    /// <summary>Whether the samples are those of another program.</summary>
    public bool IsExternal => options.Kind("sampling.external") is not null;

    public bool HasTeacher => options.Kind("teacher") is { } kind && kind != None;

    /// <summary>Whether a study examines the generator, instead of samples being drawn.</summary>
    public bool HasStudy => options.Kind("study") is not null;

    /// <summary>Whether the MeanFlow stage trains a network, for any target.</summary>
    private bool TrainsMeanFlow => options.Kind("meanflow") is not (null or None or Pretrained);

    public void Check()
    {
        CheckFlip();
        if (HasStudy)
        {
            CheckStudy();
        }
        else
        {
            CheckDecoder();
            CheckHalves();
        }

        CheckCmt();
        CheckReweighting("teacher", "v is the minimiser at every time, whatever the times' distribution");
        CheckReweighting("study", "a study has no loss");
        CheckGuidance("meanflow");
        CheckGuidance("sampling");
        if (TrainsMeanFlow)
        {
            new FamilyRules(mistakes, options).Check();
            CheckBatching();
            CheckMeanFlow();
            CheckNetwork();
        }
    }

    private void CheckFlip()
    {
        if (!Is("dataset", "imageFolder"))
        {
            return;
        }

        bool trains = Is("teacher", "flowMatching") || TrainsMeanFlow;
        if (trains && options.Text("latents.cache") is "memory" or "disk" && options.Flag("dataset.flip") == true)
        {
            mistakes.Add(
                options.MostLikelySource("latents.cache", "dataset.flip"),
                $"`flip` with `cache` {options.Text("latents.cache")}: the cached latents are those of the unflipped images",
                "set `cache` to none, or `flip` to false");
        }
    }

    private void CheckDecoder()
    {
        string[] stages = ["teacher", "cmt", "meanflow"];
        string[] generators = [.. stages.Where(stage => options.Kind(stage) is { } kind && kind != None)];
        if (Is("decoder", None) && !Is("dataset", "oracle") && generators.Length > 0)
        {
            mistakes.Add(
                options.MostLikelySource(["decoder.kind", .. generators.Select(stage => $"{stage}.kind")]),
                $"{string.Join(", ", generators)} without a decoder: samples cannot be decoded into images",
                $"choose a decoder (pretrained or rae), or set the kind of {string.Join(" and ", generators)} to none too");
        }
    }

    /// <summary>Checks that a decoder without weights has the encoder whose other half it is.</summary>
    private void CheckHalves()
    {
        string? encoder = options.Kind("encoder");
        if (encoder is null)
        {
            return;
        }

        if (Is("decoder", "autoencoderKl") && encoder is not ("autoencoderKl" or "variational"))
        {
            mistakes.Add(
                options.MostLikelySource("decoder.kind", "encoder.kind"),
                $"decoder of kind `autoencoderKl` is the other half of a KL autoencoder, but encoder is of kind `{encoder}`",
                "choose encoder of kind autoencoderKl or variational, or another decoder");
        }

        if (Is("decoder", "pixels") && encoder != "pixels")
        {
            mistakes.Add(
                options.MostLikelySource("decoder.kind", "encoder.kind"),
                $"decoder of kind `pixels` shows latents as pixels, but encoder is of kind `{encoder}`",
                "choose encoder of kind pixels, or another decoder");
        }
    }

    private void CheckStudy()
    {
        if (!HasGenerator)
        {
            mistakes.Add(
                options.MostLikelySource("study.kind", "cmt.kind", "meanflow.kind"),
                "`study` needs a network to examine",
                "choose cmt of kind trajectory or pretrained, or meanflow of kind lambda or pretrained, or remove `study`");
        }

        if (Is("teacher", None) && options.Number("study.lambda") > 0)
        {
            mistakes.Add(
                options.MostLikelySource("study.lambda", "teacher.kind"),
                "`lambda` is above 0 without a teacher: it is the weight of the teacher's velocity",
                "choose a teacher (pretrained or flowMatching), or set `lambda` to 0");
        }
    }

    private void CheckCmt()
    {
        if (Is("cmt", "trajectory") && Is("teacher", None))
        {
            mistakes.Add(
                options.MostLikelySource("cmt.kind", "teacher.kind"),
                "cmt of kind `trajectory` needs a teacher: it trains on trajectories of the teacher",
                "choose a teacher (pretrained or flowMatching), or cmt of kind none");
        }
    }

    /// <summary>Checks that only the MeanFlow stage weights its samples by their times.</summary>
    private void CheckReweighting(string owner, string reason)
    {
        if (options.Text($"{owner}.time.reweight") == Options.UniformTimeOptions.ToUniform)
        {
            mistakes.Add(
                options.At($"{owner}.time.reweight"),
                $"`reweight` of {owner} is uniform, but only the loss of meanflow is weighted by times: {reason}",
                "set `reweight` to none; `shift` 1 draws uniform times");
        }
    }

    private void CheckGuidance(string owner)
    {
        if (Is("teacher", None) && options.IsWritten($"{owner}.guidance"))
        {
            mistakes.Add(
                options.MostLikelySource($"{owner}.guidance", "teacher.kind"),
                "`guidance` needs a teacher: only the teacher is guided",
                "choose a teacher (pretrained or flowMatching), or remove `guidance`");
        }
    }

    /// <summary>Checks that the released code's batch of main evaluation and probes is not asked for in two precisions at once.</summary>
    private void CheckBatching()
    {
        if (options.Text("meanflow.derivative.batching") == "concatenated"
            && options.Text("meanflow.training.precision") == Options.TrainingOptions.BFloat16)
        {
            mistakes.Add(
                options.MostLikelySource("meanflow.derivative.batching", "meanflow.training.precision"),
                "`batching` is concatenated with `precision` bf16: the main evaluation has bfloat16 products and the probes float32 products, so they cannot be one batch",
                "set `batching` to separate, or `precision` to tf32, which the released code uses");
        }
    }

    private void CheckMeanFlow()
    {
        const string choose = "choose a teacher (pretrained or flowMatching), or ";
        string? start = options.Text("meanflow.initialisation");
        if (Is("teacher", None))
        {
            foreach (string weight in FamilyRules.Weights)
            {
                if (options.Number($"meanflow.{weight}") > 0)
                {
                    mistakes.Add(
                        options.MostLikelySource($"meanflow.{weight}", "teacher.kind"),
                        $"`{weight}` is above 0 without a teacher: it is the weight of the teacher's velocity",
                        $"{choose}set `{weight}` to 0");
                }
            }

            if (start == "teacher")
            {
                mistakes.Add(
                    options.MostLikelySource("meanflow.initialisation", "teacher.kind"),
                    "`initialisation` is teacher, but teacher is of kind `none`",
                    $"{choose}set `initialisation` to random");
            }
        }

        if (start == "cmt" && Is("cmt", None))
        {
            mistakes.Add(
                options.MostLikelySource("meanflow.initialisation", "cmt.kind"),
                "`initialisation` is cmt, but cmt is of kind `none`",
                "choose cmt of kind trajectory or pretrained, or set `initialisation` to teacher or random");
        }
    }

    /// <summary>
    /// A network that starts from the weights of another must have its sizes. The sizes of a pretrained teacher are only in its file.
    /// </summary>
    private void CheckNetwork()
    {
        if (!Is("teacher", "flowMatching") || options.Text("meanflow.initialisation") is not ("cmt" or "teacher"))
        {
            return;
        }

        string? own = options.Kind("meanflow.network");
        if (own is not null && options.Kind("teacher.network") is { } start && own != start)
        {
            mistakes.Add(
                options.MostLikelySource("meanflow.network.kind", "meanflow.network", "teacher.network"),
                $"`network` is of kind {own}, but the network starts from the teacher's weights, which are of kind {start}",
                $"write kind {start}, or set `initialisation` to random");
            return;
        }

        foreach (var option in OptionTypes.Of(OptionTypes.GeneratorNetwork(own)).Properties)
        {
            double? mine = options.Number($"meanflow.network.{option.Name}");
            double? teachers = options.Number($"teacher.network.{option.Name}");
            if (mine is not null && teachers is not null && mine != teachers)
            {
                mistakes.Add(
                    options.At($"meanflow.network.{option.Name}"),
                    FormattableString.Invariant(
                        $"`{option.Name}` is {mine}, but the network starts from the teacher's weights, where it is {teachers}"),
                    FormattableString.Invariant($"write {teachers}, or set `initialisation` to random"));
            }
        }
    }

    private bool Is(string stage, string kind) => options.Kind(stage) == kind;
}
