namespace MfRae.Lab.Core.Experiments;

/// <summary>Which options of the stages of one arm can stand together.</summary>
/// <param name="options">The arm's `base`, patched.</param>
internal sealed class CombinationRules(Diagnostics mistakes, OptionView options)
{
    private const string None = "none";

    /// <summary>Whether something is sampled by few steps: a MeanFlow network, else a CMT network.</summary>
    public bool HasGenerator => Is("cmt", "trajectory") || Is("meanflow", "lambda");

    public bool HasTeacher => options.Kind("teacher") is { } kind && kind != None;

    /// <summary>Whether the generator is looked at instead of sampled.</summary>
    public bool HasStudy => options.Kind("study") is not null;

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
        }

        CheckCmt();
        CheckGuidance("meanflow");
        CheckGuidance("sampling");
        if (Is("meanflow", "lambda"))
        {
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

        bool trains = Is("teacher", "flowMatching") || Is("meanflow", "lambda");
        if (trains && options.Text("latents.cache") == "memory" && options.Flag("dataset.flip") == true)
        {
            mistakes.Add(
                options.MostLikelySource("latents.cache", "dataset.flip"),
                "`flip` with `cache` memory: latents that are kept are those of the images as they are",
                "write cache none, or flip false");
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
                $"{string.Join(", ", generators)} without a decoder: samples could not become images",
                $"choose a decoder (pretrained or rae), or kind none for {string.Join(", ", generators)} too");
        }
    }

    private void CheckStudy()
    {
        if (!HasGenerator)
        {
            mistakes.Add(
                options.MostLikelySource("study.kind", "cmt.kind", "meanflow.kind"),
                "a study without a network to look at",
                "choose cmt of kind trajectory or meanflow of kind lambda, or leave `study` out");
        }

        if (Is("teacher", None) && options.Number("study.lambda") > 0)
        {
            mistakes.Add(
                options.MostLikelySource("study.lambda", "teacher.kind"),
                "`lambda` above 0 without a teacher: it is the weight of the teacher's velocity",
                "choose a teacher (pretrained or flowMatching), or lambda 0");
        }
    }

    private void CheckCmt()
    {
        if (Is("cmt", "trajectory") && Is("teacher", None))
        {
            mistakes.Add(
                options.MostLikelySource("cmt.kind", "teacher.kind"),
                "cmt of kind `trajectory` without a teacher: the trajectories are the teacher's",
                "choose a teacher (pretrained or flowMatching), or cmt of kind none");
        }
    }

    private void CheckGuidance(string owner)
    {
        if (Is("teacher", None) && options.IsWritten($"{owner}.guidance"))
        {
            mistakes.Add(
                options.MostLikelySource($"{owner}.guidance", "teacher.kind"),
                "`guidance` without a teacher: it is the teacher that is guided",
                "choose a teacher (pretrained or flowMatching), or no guidance");
        }
    }

    private void CheckMeanFlow()
    {
        const string choose = "choose a teacher (pretrained or flowMatching), or ";
        string? start = options.Text("meanflow.initialisation");
        if (Is("teacher", None))
        {
            foreach (string weight in (string[])["lambda", "lambdaSchedule.end", "tangentLambda", "tangentLambdaSchedule.end"])
            {
                if (options.Number($"meanflow.{weight}") > 0)
                {
                    mistakes.Add(
                        options.MostLikelySource($"meanflow.{weight}", "teacher.kind"),
                        $"`{weight}` above 0 without a teacher: it is the weight of the teacher's velocity",
                        $"{choose}{weight} 0");
                }
            }

            if (start == "teacher")
            {
                mistakes.Add(
                    options.MostLikelySource("meanflow.initialisation", "teacher.kind"),
                    "`initialisation` from a teacher, but there is none",
                    $"{choose}initialisation random");
            }
        }

        if (start == "cmt" && Is("cmt", None))
        {
            mistakes.Add(
                options.MostLikelySource("meanflow.initialisation", "cmt.kind"),
                "`initialisation` is cmt, but cmt is of kind `none`",
                "choose cmt of kind trajectory, or initialisation teacher or random");
        }
    }

    /// <summary>
    /// A network that starts from another's weights has its shape. That of a pretrained teacher is known only to its file.
    /// </summary>
    private void CheckNetwork()
    {
        if (!Is("teacher", "flowMatching") || options.Text("meanflow.initialisation") is not ("cmt" or "teacher"))
        {
            return;
        }

        foreach (var option in OptionTypes.Of(typeof(Options.DitOptions)).Properties)
        {
            double? mine = options.Number($"meanflow.network.{option.Name}");
            double? teachers = options.Number($"teacher.network.{option.Name}");
            if (mine is not null && teachers is not null && mine != teachers)
            {
                mistakes.Add(
                    options.At($"meanflow.network.{option.Name}"),
                    FormattableString.Invariant(
                        $"`{option.Name}` is {mine}, but the network starts from the teacher's weights, where it is {teachers}"),
                    FormattableString.Invariant($"write {teachers}, or initialisation random"));
            }
        }
    }

    private bool Is(string stage, string kind) => options.Kind(stage) == kind;
}
