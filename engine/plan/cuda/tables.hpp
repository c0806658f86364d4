// The tables of all operations that run on GPUs.
#pragma once

#include "kernels/channel_peak/cuda.hpp"
#include "kernels/classifier_head/cuda.hpp"
#include "kernels/conv2d/cuda.hpp"
#include "kernels/conv2d/libraries.hpp"
#include "kernels/dropout/cuda.hpp"
#include "kernels/global_average_pool/cuda.hpp"
#include "kernels/gradient_check/cuda.hpp"
#include "kernels/image_gather/cuda.hpp"
#include "kernels/image_prepare/cuda.hpp"
#include "kernels/image_warp/cuda.hpp"
#include "kernels/max_pool/cuda.hpp"
#include "kernels/relu/cuda.hpp"
#include "kernels/sgd/cuda.hpp"
#include "kernels/softmax_cross_entropy/cuda.hpp"
#include "kernels/unit_signal/cuda.hpp"
